"""REST: find things of the team by name or id; the dialog of every page asks it too."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.rest import TeamView
from mlregistry.ui.finding import Found, find


class FoundOut(serializers.Serializer[Found]):
    kind = serializers.CharField(help_text="problem, dataset, experiment, run, study, model, version, …")
    title = serializers.CharField()
    detail = serializers.CharField()
    link = serializers.CharField(source="address", help_text="A path on this server.")
    at = serializers.DateTimeField(allow_null=True)


class FoundList(serializers.Serializer[Any]):
    results = FoundOut(many=True)


class Find(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(
        operation_id="find",
        parameters=[OpenApiParameter("q", str, description="words, or the beginning of a run's id")],
        responses=FoundList,
    )
    def get(self, request: Request) -> Response:
        """What fits best first, at most 30; the newest when nothing is asked for."""
        found = find(self.actor, request.query_params.get("q", ""))
        return Response({"results": [FoundOut(one).data for one in found]})
