"""REST: profiles of dataset versions, as JSON or as a page of its own to keep."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access
from experiments.actions import profiles as actions
from experiments.models import DatasetProfile, Depth
from experiments.queries import profiles as queries
from experiments.web.profile_download import download
from mlregistry.accounts.models import Role
from mlregistry.errors import NotFound
from mlregistry.rest import TeamView, body_of
from mlregistry.rest_idempotency import idempotent

from .parsing import parsed

FORMATS = ("json", "html")
CHOICE = [
    OpenApiParameter("depth", str, enum=Depth.values),
    OpenApiParameter("target", str, description="The column to predict that it was made for"),
]


class AsFile(JSONRenderer):
    """Lets ?format=html through to the view, which answers with the file itself; errors stay JSON."""

    format = "html"


class ProfileIn(serializers.Serializer[Any]):
    depth = serializers.ChoiceField(Depth.choices, required=False)
    target = serializers.CharField(max_length=200, required=False, allow_blank=True, trim_whitespace=False)


class ProfileOut(serializers.ModelSerializer[DatasetProfile]):
    state = serializers.CharField()
    error = serializers.CharField()

    class Meta:
        model = DatasetProfile
        fields = ("id", "depth", "target", "state", "error", "job", "n_alerts", "created_at", "finished_at")


class ProfileDetail(ProfileOut):
    """With the document, null while it is not ready; its form is described in docs/data.md."""

    profile = serializers.SerializerMethodField()

    class Meta(ProfileOut.Meta):
        fields = (*ProfileOut.Meta.fields, "profile")  # type: ignore[assignment]  # the stubs want the base's own length

    def get_profile(self, row: DatasetProfile) -> dict[str, Any] | None:
        return queries.document(row).to_json() if row.state == "ready" else None


class VersionProfile(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}
    renderer_classes = [JSONRenderer, AsFile]

    @extend_schema(
        parameters=[*CHOICE, OpenApiParameter("format", str, enum=FORMATS)], responses=ProfileDetail
    )
    def get(self, request: Request, dataset_id: int, number: int) -> Response | HttpResponse:
        """The version's best profile, or that of a depth and target; format=html is one file to keep."""
        version = access.dataset_version(self.actor, dataset_id, number)
        query = request.query_params
        row = queries.chosen(version, depth=query.get("depth", ""), target=query.get("target"))
        if row is None:
            raise NotFound("There is no such profile; POST to this address to have it made.")
        if query.get("format") == "html":
            return download(version, queries.document(row))
        return Response(ProfileDetail(row).data)

    @extend_schema(request=ProfileIn, responses={202: ProfileOut})
    @idempotent()
    def post(self, request: Request, dataset_id: int, number: int) -> Response:
        """Have a profile made in the background; the one that is there already is not made again."""
        version = access.dataset_version(self.actor, dataset_id, number)
        row = actions.start_profile(version, **parsed(ProfileIn, body_of(request)), by=self.actor)
        return Response(ProfileOut(row).data, status=202 if row.state == "pending" else 200)
