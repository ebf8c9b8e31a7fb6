"""REST views of what jobs use and will use: estimate before a start, sums per month, the team's budget."""

from dataclasses import asdict
from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.jobs import spending
from mlregistry.jobs.actions import budgets
from mlregistry.jobs.models import Budget
from mlregistry.jobs.queries import estimates, usage
from mlregistry.rest import TeamView, body_of, valid


class EstimateIn(serializers.Serializer[Any]):
    kind = serializers.CharField(max_length=100)
    n_rows = serializers.IntegerField(min_value=0, max_value=10**12, required=False)
    n_columns = serializers.IntegerField(min_value=0, max_value=10**6, required=False)
    parts = serializers.ListField(
        child=serializers.CharField(max_length=200), max_length=200, required=False, default=list
    )


class RangeOut(serializers.Serializer[Any]):
    low = serializers.FloatField()
    median = serializers.FloatField()
    high = serializers.FloatField()


class EstimateOut(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=["estimated", "not_enough"])
    n_jobs = serializers.IntegerField()
    same_parts = serializers.BooleanField()
    seconds = RangeOut(allow_null=True)
    memory_mb = RangeOut(allow_null=True)
    cost = RangeOut(allow_null=True)
    currency = serializers.CharField()


class UsageOut(serializers.Serializer[Any]):
    month = serializers.CharField()
    team = serializers.CharField()
    kind = serializers.CharField()
    person = serializers.CharField()
    n_jobs = serializers.IntegerField()
    cpu_hours = serializers.FloatField()
    gb_hours = serializers.FloatField()
    gpu_hours = serializers.FloatField()
    wall_hours = serializers.FloatField()
    bytes_read = serializers.IntegerField()
    bytes_written = serializers.IntegerField()
    cost = serializers.FloatField()


class BudgetIn(serializers.Serializer[Any]):
    money = serializers.FloatField(allow_null=True, required=False)
    cpu_hours = serializers.FloatField(allow_null=True, required=False)


class BudgetOut(serializers.ModelSerializer[Budget]):
    class Meta:
        model = Budget
        fields = ["money", "cpu_hours", "most_money", "most_cpu_hours", "changed_at"]


class Estimates(TeamView):
    roles = {"post": Role.VIEWER}

    @extend_schema(operation_id="jobs_estimate", request=EstimateIn, responses=EstimateOut)
    def post(self, request: Request) -> Response:
        """What such a job will probably take: median and 10–90 % range; `not_enough` without three jobs like it."""
        wanted = valid(EstimateIn, request)
        if wanted["kind"] not in settings.JOB_KINDS:
            raise Invalid(f"There is no kind of job named {wanted['kind']!r}.", field="kind")
        rows, columns = wanted.get("n_rows"), wanted.get("n_columns")
        if (rows is None) != (columns is None):
            raise Invalid("Send n_rows and n_columns together.", field="n_columns")
        n_cells = None if rows is None or columns is None else rows * columns
        found = estimates.estimate(self.actor.team, wanted["kind"], n_cells=n_cells, parts=wanted["parts"])
        return Response({**asdict(found), "currency": settings.PRICES.currency})


class Usage(TeamView):
    roles = {"get": Role.OWNER}

    @extend_schema(
        operation_id="usage_read",
        parameters=[OpenApiParameter("month", str, description="Like 2026-11; this month when left out.")],
        responses=UsageOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """What the team's jobs used in a month, by kind and person."""
        start = usage.parsed_month(request.query_params.get("month", ""))
        return Response(usage.rows(self.actor.team, start))


class TeamBudget(TeamView):
    roles = {"get": Role.VIEWER, "put": Role.OWNER}

    @extend_schema(operation_id="budget_read", responses=BudgetOut)
    def get(self, request: Request) -> Response:
        """The team's budget for a month and what it has used of it."""
        return Response(_budget_json(spending.standing(self.actor.team)))

    @extend_schema(operation_id="budget_set", request=BudgetIn, responses=BudgetOut)
    def put(self, request: Request) -> Response:
        """Money, processor hours or both, a month; null limits nothing."""
        body_of(request)
        wanted = valid(BudgetIn, request)
        budgets.set_budget(money=wanted.get("money"), cpu_hours=wanted.get("cpu_hours"), by=self.actor)
        return Response(_budget_json(spending.standing(self.actor.team)))


def _budget_json(standing: spending.Standing | None) -> dict[str, Any]:
    if standing is None:
        return {"money": None, "cpu_hours": None, "used_share": None}
    told = dict(BudgetOut(standing.budget).data)
    used = {"used_money": standing.cost, "used_cpu_hours": standing.cpu_hours, "used_share": standing.share}
    return told | used | {"currency": settings.PRICES.currency}
