"""REST: what a run came from, the same training once more, and what came of it."""

import uuid
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access
from experiments.actions import reruns as actions
from experiments.actions.settling import settle_runs
from experiments.queries import provenance as queries
from experiments.queries import reruns, scripts
from experiments.queries.reruns import Repetition
from mlregistry.accounts.models import Role
from mlregistry.errors import NotFound
from mlregistry.rest import TeamView

from .parsing import downloaded


class CodeOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    commit = serializers.CharField()
    branch = serializers.CharField()
    repository = serializers.CharField(help_text="without user and password")
    dirty = serializers.BooleanField(help_text="files were changed since the commit")
    diff = serializers.CharField(help_text="at most 200,000 characters")
    diff_file = serializers.CharField(help_text="the file of the run that holds the diff, if one does")
    diff_is_cut = serializers.BooleanField()


class ProvenanceOut(serializers.Serializer[Any]):
    trained_here = serializers.JSONField(
        help_text="seed, dataset, digests, environment; null for a run that was logged from code"
    )
    problem = serializers.JSONField(help_text="what was asked, as it was at the training")
    recipe = serializers.JSONField()
    code = CodeOut()


class MetricChangeOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    before = serializers.FloatField(allow_null=True)
    after = serializers.FloatField(allow_null=True)
    difference = serializers.FloatField(allow_null=True)


class DifferenceOut(serializers.Serializer[Any]):
    what = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()


class RepetitionOut(serializers.Serializer[Any]):
    original = serializers.UUIDField(source="original.pk")
    run = serializers.UUIDField(source="run.pk")
    verdict = serializers.ChoiceField(choices=["same", "differs", "waiting", "failed"])
    sentence = serializers.CharField()
    n_compared = serializers.IntegerField()
    predictions_compared = serializers.BooleanField()
    predictions_differ = serializers.BooleanField()
    metrics = MetricChangeOut(many=True, help_text="those that are not the same to the last bit")
    environment = DifferenceOut(many=True, source="facts", help_text="what else is not the same")


class AgainOut(serializers.Serializer[Any]):
    run = serializers.UUIDField()
    job = serializers.UUIDField()


class RunProvenance(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(responses=ProvenanceOut)
    def get(self, request: Request, run_id: uuid.UUID) -> Response:
        """Seed, recipe, data, digests, libraries, threads and machine; for a run from code, its commit and diff."""
        return Response(ProvenanceOut(queries.document(access.run(self.actor, run_id))).data)


class RunAgain(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(request=None, responses={202: AgainOut})
    def post(self, request: Request, run_id: uuid.UUID) -> Response:
        """Train the same once more, as a new run; GET its repetition for what came of it."""
        again = actions.run_again(access.run(self.actor, run_id), by=self.actor)
        return Response(AgainOut({"run": again.pk, "job": again.job_id}).data, status=202)


class RunRepetition(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(responses=RepetitionOut)
    def get(self, request: Request, run_id: uuid.UUID) -> Response:
        """What a run that repeats another gave: the same to the last bit, or which metrics differ and what else."""
        settle_runs(self.actor.team)
        return Response(RepetitionOut(_repetition(access.run(self.actor, run_id))).data)


class RunScript(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(responses={(200, "text/x-python"): OpenApiTypes.STR})
    def get(self, request: Request, run_id: uuid.UUID) -> HttpResponse:
        """The run as a Python script that stands alone, with its requirements in the head (PEP 723)."""
        name, text = scripts.script_of(access.run(self.actor, run_id))
        return downloaded(text, name, "text/x-python")


class RunRequirements(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(responses={(200, "text/plain"): OpenApiTypes.STR})
    def get(self, request: Request, run_id: uuid.UUID) -> HttpResponse:
        """The requirements of the run's script, with exact versions."""
        text = scripts.requirements_of(access.run(self.actor, run_id))
        return downloaded(text, "requirements.txt", "text/plain")


def _repetition(run: Any) -> Repetition:
    found = reruns.repetition(run)
    if found is None:
        raise NotFound("The run repeats no other, or the one that it repeats is gone.")
    return found
