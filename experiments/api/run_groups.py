"""REST: groups of runs, such as seeds of the same training, compared by a metric."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access
from experiments.queries import run_groups
from experiments.queries.metric_curves import MOST_RUNS
from experiments.queries.runs import page, with_measurements
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid, NotFound
from mlregistry.rest import TeamView

from .curves import runs_of


class GroupOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    n = serializers.IntegerField()
    mean = serializers.FloatField()
    deviation = serializers.FloatField(allow_null=True, help_text="null below two runs, as are low and high")
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    values = serializers.ListField(child=serializers.FloatField())
    seeds = serializers.ListField(child=serializers.CharField())


class GroupDifferenceOut(serializers.Serializer[Any]):
    one = serializers.CharField()
    other = serializers.CharField()
    method = serializers.ChoiceField(["welch", "paired", "none"])
    n = serializers.ListField(child=serializers.IntegerField())
    verdict = serializers.ChoiceField(["better", "worse", "not_shown"], help_text="on `one`")
    sentence = serializers.CharField()
    difference = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    p = serializers.FloatField(allow_null=True)
    adjusted = serializers.FloatField(allow_null=True, help_text="Holm's p over all pairs")
    effect = serializers.FloatField(allow_null=True, help_text="Hedges' g")


class GroupsOut(serializers.Serializer[Any]):
    metric = serializers.CharField()
    by = serializers.CharField()
    better = serializers.CharField(help_text="higher, lower or empty")
    n_without = serializers.IntegerField(help_text="runs without the metric")
    groups = GroupOut(many=True)
    differences = GroupDifferenceOut(many=True)


QUERY = [
    OpenApiParameter("run", OpenApiTypes.STR, many=True, required=True, description="2 to 200 runs"),
    OpenApiParameter("metric", OpenApiTypes.STR, required=True),
    OpenApiParameter(
        "by", OpenApiTypes.STR, required=True, description="param:…, tag:… or attribute:…, at most 20 groups"
    ),
    OpenApiParameter("better", OpenApiTypes.STR, enum=list(run_groups.BETTER)),
    OpenApiParameter(
        "seed", OpenApiTypes.STR, description="the column of the seed, if it is called otherwise"
    ),
]


class RunGroups(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(parameters=QUERY, responses=GroupsOut)
    def get(self, request: Request) -> Response:
        """Means with intervals and every two groups by Welch's test, or paired by seed; Holm over all pairs."""
        query = request.query_params
        run_ids = runs_of(query.getlist("run"))
        if not 2 <= len(run_ids) <= MOST_RUNS:
            raise Invalid(f"Name 2 to {MOST_RUNS} runs.", field="run")
        rows = page(with_measurements(access.runs(self.actor).filter(pk__in=run_ids)))
        if len(rows) != len(run_ids):
            raise NotFound(f"Not all of these runs are in {self.actor.team.name}.", field="run")
        found = run_groups.compare(
            rows,
            metric=query.get("metric", ""),
            by=query.get("by", ""),
            better=query.get("better", "auto"),
            seed=query.get("seed", ""),
        )
        return Response(GroupsOut(found).data)
