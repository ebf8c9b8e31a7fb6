"""REST: two versions of a dataset side by side."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access
from experiments.queries import comparisons as queries
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.rest import TeamView

from .parsing import needed

STATUSES = ["added", "removed", "type", "shared"]
NOTES = "The fields are described in docs/data.md."


class ColumnApart(serializers.Serializer[Any]):
    """One column of either version; pairs are [from, to]."""

    name = serializers.CharField()
    kind = serializers.CharField()
    status = serializers.ChoiceField(STATUSES)
    types = serializers.ListField(child=serializers.CharField(allow_null=True))
    missing = serializers.ListField(child=serializers.FloatField(allow_null=True))
    distinct = serializers.ListField(child=serializers.IntegerField(allow_null=True))
    shift = serializers.DictField(allow_null=True, help_text="method, value, and floor: what chance gives")
    bins = serializers.DictField(allow_null=True)


class ComparisonOut(serializers.Serializer[Any]):
    state = serializers.CharField(help_text=NOTES)
    contract = serializers.ListField(child=serializers.CharField())
    n_rows = serializers.ListField(child=serializers.IntegerField())
    missing = serializers.ListField(child=serializers.FloatField())
    changes = serializers.ListField(child=serializers.DictField())
    alerts_new = serializers.ListField(child=serializers.DictField())
    alerts_gone = serializers.ListField(child=serializers.DictField())
    columns = ColumnApart(many=True)


class Compare(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(
        parameters=[OpenApiParameter("from", int, required=True), OpenApiParameter("to", int, required=True)],
        responses=ComparisonOut,
    )
    def get(self, request: Request, dataset_id: int) -> Response:
        """What changed from one version to another: schema, rows, distributions, alerts, contract."""
        access.dataset(self.actor, dataset_id)
        before, after = needed(request, "from"), needed(request, "to")
        if before == after:
            raise Invalid("Choose two different versions.", field="to")
        left = access.dataset_version(self.actor, dataset_id, before)
        right = access.dataset_version(self.actor, dataset_id, after)
        found = queries.compared(left, right)
        contract = [found.left.standing.badge, found.right.standing.badge]
        return Response({"from": before, "to": after, "contract": contract, **found.difference.to_json()})
