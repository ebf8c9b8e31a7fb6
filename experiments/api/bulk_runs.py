"""REST: many runs of an experiment at once: delete and undo, tag."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access
from experiments.actions import bulk_runs as actions
from experiments.queries.runs_table import MOST_CHOSEN
from mlregistry.accounts.models import Role
from mlregistry.rest import TeamView, valid


class RunsIn(serializers.Serializer[Any]):
    runs = serializers.ListField(child=serializers.UUIDField(), max_length=MOST_CHOSEN)


class DeletedOut(serializers.Serializer[Any]):
    n = serializers.IntegerField(help_text="those that were not deleted before")
    undo = serializers.DateTimeField(help_text="what undo-delete takes")


class UndoIn(serializers.Serializer[Any]):
    undo = serializers.DateTimeField()


class TagRunsIn(RunsIn):
    key = serializers.CharField(max_length=250)
    value = serializers.CharField(
        max_length=8000, allow_blank=True, allow_null=True, trim_whitespace=False, help_text="null removes it"
    )


class CountOut(serializers.Serializer[Any]):
    n = serializers.IntegerField()


class DeleteRuns(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="runs_delete_many", request=RunsIn, responses=DeletedOut)
    def post(self, request: Request, experiment_id: int) -> Response:
        """Out of sight, all or none of them, until they are restored."""
        experiment = access.experiment(self.actor, experiment_id)
        n_runs, moment = actions.delete_runs(experiment, valid(RunsIn, request)["runs"], by=self.actor)
        return Response({"n": n_runs, "undo": moment.isoformat()})


class UndoDeleteRuns(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="runs_undo_delete_many", request=UndoIn, responses=CountOut)
    def post(self, request: Request, experiment_id: int) -> Response:
        """Back in sight, all that one deletion took."""
        experiment = access.experiment(self.actor, experiment_id)
        moment = valid(UndoIn, request)["undo"]
        return Response({"n": actions.restore_runs(experiment, moment, by=self.actor)})


class TagRuns(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="runs_tag_many", request=TagRunsIn, responses=CountOut)
    def post(self, request: Request, experiment_id: int) -> Response:
        """Set a tag on all of them, or take it away."""
        experiment = access.experiment(self.actor, experiment_id)
        given = valid(TagRunsIn, request)
        n_runs = actions.tag_runs(experiment, given["runs"], given["key"], given["value"], by=self.actor)
        return Response({"n": n_runs})
