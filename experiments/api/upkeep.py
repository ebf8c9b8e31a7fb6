"""REST: what keeps runs in order: signs of life, cutting metrics after a checkpoint, moving to another experiment."""

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access
from experiments.actions import liveness, moving, truncation
from mlregistry.accounts.models import Role
from mlregistry.rest import TeamView, body_of

from .parsing import parsed


class HeartbeatIn(serializers.Serializer[Any]):
    timeout_seconds = serializers.IntegerField(
        required=False, help_text="from now on; 0: the run never ends by time-out"
    )


class HeartbeatOut(serializers.Serializer[Any]):
    status = serializers.CharField()


class TruncateIn(serializers.Serializer[Any]):
    after_step = serializers.IntegerField(help_text="points with a greater step are removed")
    keys = serializers.ListField(
        child=serializers.CharField(trim_whitespace=False), required=False, help_text="all when left out"
    )


class TruncateOut(serializers.Serializer[Any]):
    removed = serializers.DictField(child=serializers.IntegerField(), help_text="points by metric")


class MoveIn(serializers.Serializer[Any]):
    runs = serializers.ListField(child=serializers.UUIDField(), max_length=moving.MOST_RUNS)
    with_children = serializers.BooleanField(required=False)


class MoveOut(serializers.Serializer[Any]):
    moved = serializers.ListField(child=serializers.UUIDField())


class Heartbeat(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(request=HeartbeatIn, responses=HeartbeatOut)
    def post(self, request: Request, run_id: uuid.UUID) -> Response:
        """The run is alive, though it has nothing to log; the answer tells its status."""
        wanted = parsed(HeartbeatIn, body_of(request))
        status = liveness.heartbeat(run_id, timeout_seconds=wanted.get("timeout_seconds"), by=self.actor)
        return Response({"status": status})


class TruncateMetrics(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(request=TruncateIn, responses=TruncateOut)
    def post(self, request: Request, run_id: uuid.UUID) -> Response:
        """Remove the points after a step, to go on from a checkpoint."""
        run = access.run(self.actor, run_id)
        wanted = parsed(TruncateIn, body_of(request))
        return Response({"removed": truncation.truncate_metrics(run, **wanted, by=self.actor)})


class MoveRuns(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(request=MoveIn, responses=MoveOut)
    def post(self, request: Request, experiment_id: int) -> Response:
        """Move runs of the team into this experiment, all of them or none."""
        target = access.experiment(self.actor, experiment_id)
        wanted = parsed(MoveIn, body_of(request))
        moved = moving.move_runs(
            wanted["runs"], to=target, with_children=wanted.get("with_children", False), by=self.actor
        )
        return Response({"moved": moved})
