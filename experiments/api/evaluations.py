"""REST: what a run's test figures are worth, and comparisons of two runs."""

import uuid
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access
from experiments.actions import explanations
from experiments.models import Evaluation
from experiments.queries import evaluations, run_comparisons, test_uses
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid, NotFound
from mlregistry.rest import TeamView


class LooksOut(serializers.Serializer[Any]):
    n = serializers.IntegerField(help_text="how often these test rows were looked at")
    first_run = serializers.CharField()
    first_at = serializers.DateTimeField()
    place = serializers.IntegerField(help_text="which of the looks this run was")


class EvaluationOut(serializers.Serializer[Any]):
    run = serializers.UUIDField(source="run_id")
    metric = serializers.CharField()
    evaluation = serializers.JSONField(
        source="document", help_text="intervals, folds, slices, adjustments, digests of the rows"
    )
    test_uses = serializers.SerializerMethodField()

    @extend_schema_field(LooksOut(allow_null=True))
    def get_test_uses(self, row: Evaluation) -> dict[str, Any] | None:
        found = test_uses.looks(row.run)
        return None if found is None else dict(LooksOut(found).data)


class ComparisonOut(serializers.Serializer[Any]):
    run = serializers.UUIDField(source="run.pk")
    other = serializers.UUIDField(source="other.pk")
    metric = serializers.CharField()
    verdict = serializers.ChoiceField(choices=["better", "worse", "no_difference", "not_comparable"])
    sentence = serializers.CharField()
    method = serializers.CharField()
    difference = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    p = serializers.FloatField(allow_null=True)
    reason = serializers.CharField()
    mcnemar = serializers.JSONField(allow_null=True)


class ExplanationOut(serializers.Serializer[Any]):
    job = serializers.UUIDField()


class RunEvaluation(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(responses=EvaluationOut)
    def get(self, request: Request, run_id: uuid.UUID) -> Response:
        """Intervals of the test metrics, figures of each fold, slices, and how often the test rows were used."""
        run = access.run(self.actor, run_id)
        found = evaluations.of_run(run)
        if found is None:
            raise NotFound("The run has no evaluation on test rows of ours.")
        return Response(EvaluationOut(found).data)


class RunExplanation(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(request=None, responses={202: ExplanationOut})
    def post(self, request: Request, run_id: uuid.UUID) -> Response:
        """Draw learning curve, partial dependence and Shapley values in the background, as curves of the run."""
        job = explanations.start_explanation(access.run(self.actor, run_id), by=self.actor)
        return Response(ExplanationOut({"job": job.pk}).data, status=202)


class RunComparison(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(
        parameters=[OpenApiParameter("with", uuid.UUID, required=True, description="the other run's id")],
        responses=ComparisonOut,
    )
    def get(self, request: Request, run_id: uuid.UUID) -> Response:
        """Whether the run is better than another by more than noise; 'not_comparable' tells why."""
        run = access.run(self.actor, run_id)
        other = access.run(self.actor, _key(request.query_params.get("with", "")))
        return Response(ComparisonOut(run_comparisons.compare(run, other)).data)


def _key(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise Invalid("'with' is the id of the other run.", field="with") from error
