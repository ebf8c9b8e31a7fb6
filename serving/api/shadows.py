"""REST views of an endpoint's shadows: what they would have answered, add, remove."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.rest import TeamView, valid
from models_app import access as models_access
from serving import access
from serving.actions import shadows as actions
from serving.queries import shadows as queries


class ShadowIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=60)
    model = serializers.CharField(max_length=256)
    version = serializers.IntegerField(min_value=1)


class Shadows(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(operation_id="shadows_list", responses=dict)
    def get(self, request: Request, name: str) -> Response:
        """Each with its agreement and, where feedback came, its difference on the same rows."""
        found = queries.figures(access.endpoint(self.actor, name))
        return Response({"shadows": [one.to_json() for one in found]})

    @extend_schema(operation_id="shadows_add", request=ShadowIn, responses={201: dict})
    def post(self, request: Request, name: str) -> Response:
        """The version is asked from now on what the endpoint is asked; it answers nobody."""
        endpoint, given = access.endpoint(self.actor, name), valid(ShadowIn, request)
        version = models_access.version(self.actor, given["model"], given["version"])
        shadow = actions.add_shadow(endpoint, given["name"], version, by=self.actor)
        return Response({"name": shadow.name, "version": given["version"], "since": shadow.since}, status=201)


class Shadow(TeamView):
    roles = {"delete": Role.EDITOR}

    @extend_schema(operation_id="shadows_remove", responses={204: None})
    def delete(self, request: Request, name: str, shadow: str) -> Response:
        """With what it would have answered."""
        found = access.shadow(self.actor, access.endpoint(self.actor, name), shadow)
        actions.remove_shadow(found, by=self.actor)
        return Response(status=204)
