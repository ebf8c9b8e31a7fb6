"""REST views of models that come from outside: uploading one, how it fares, an owner's decision, its files."""

from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.rest import TeamView, valid
from mlregistry.rest_idempotency import idempotent
from mlregistry.rest_uploads import UPLOAD_PARSERS, upload
from models_app import access
from models_app.actions import client_versions, intakes
from models_app.actions import models as model_actions
from models_app.api.schemas import VersionOut, version_json
from models_app.downloads import sent
from models_app.models import ModelVersion
from models_app.queries.intakes import intake_json, intake_of
from models_app.queries.models import with_details
from models_app.requests import checked_request, parsed_json

UPLOAD = {
    "multipart/form-data": {
        "type": "object",
        "properties": {
            "file": {"type": "string", "format": "binary"},
            "signature": {
                "type": "string",
                "description": "JSON: inputs (name, type), perhaps classes, output",
            },
            "input_example": {"type": "string", "description": "JSON: a list of rows by column"},
            "description": {"type": "string"},
        },
        "required": ["file"],
    },
    "application/octet-stream": OpenApiTypes.BINARY,
    "application/json": {
        "type": "object",
        "properties": {"source": {"type": "string"}, "run": {"type": "string"}},
    },
}
NAMED = [
    OpenApiParameter("X-Filename", str, OpenApiParameter.HEADER, description="The name of a raw body"),
    *(OpenApiParameter(name, str, description="of a raw body") for name in ("signature", "input_example")),
]


class DecisionIn(serializers.Serializer[Any]):
    decision = serializers.ChoiceField(["approve", "reject"])
    reason = serializers.CharField(max_length=intakes.LONGEST_REASON)


class LocationIn(serializers.Serializer[Any]):
    source = serializers.CharField(  # type: ignore[assignment]  # a field's own attribute of that name is taken away
        max_length=10_000, help_text="runs:/…, models:/… or mlflow-artifacts:/…"
    )
    run = serializers.CharField(required=False, help_text="the id of the run that owns the source")
    description = serializers.CharField(allow_blank=True, default="")


class Uploads(TeamView):
    roles = {"post": Role.EDITOR}
    parser_classes = UPLOAD_PARSERS

    @extend_schema(
        operation_id="model_versions_upload", request=UPLOAD, parameters=NAMED, responses={201: VersionOut}
    )
    @idempotent()
    def post(self, request: Request, name: str) -> Response:
        """A model file (.onnx, .skops, .json, .ubj, .txt, .joblib, .pkl) as the next version, or say where it is.

        ONNX, skops and the files of XGBoost (.json, .ubj) and LightGBM (.txt) are checked at once; a pickle waits
        for an owner.
        """
        if request.content_type.startswith("application/json") and not request.headers.get("X-Filename"):
            version = self._named(name, valid(LocationIn, request))
        else:
            version = self._sent(name, request)
        return Response(
            version_json(with_details(access.versions(self.actor)).get(pk=version.pk)), status=201
        )

    def _named(self, name: str, given: dict[str, Any]) -> ModelVersion:
        return client_versions.create_version(
            model_actions.found_or_created(name, by=self.actor),
            given["source"],
            run_key=given.get("run"),
            description=given["description"],
            by=self.actor,
        )

    def _sent(self, name: str, request: Request) -> ModelVersion:
        with upload(request) as (stream, filename, _):
            form: Any = (
                request.data if request.content_type.startswith("multipart/") else request.query_params
            )
            said = checked_request(parsed_json(form, "signature"), parsed_json(form, "input_example"))
            description = str(form.get("description") or "")
            return intakes.upload(
                name, stream, filename, request=said, description=description, by=self.actor
            )


class Intake(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.OWNER}

    @extend_schema(operation_id="model_versions_intake", responses=dict)
    def get(self, request: Request, name: str, number: int) -> Response:
        """How a version from outside fares: state, what was found in it, who let it be opened. null for others."""
        return Response(intake_json(intake_of(access.version(self.actor, name, number))))

    @extend_schema(operation_id="model_versions_decide", request=DecisionIn, responses=dict)
    def post(self, request: Request, name: str, number: int) -> Response:
        """An owner approves or rejects a pickle, with the reason; an approved one is opened in the jail."""
        version, given = access.version(self.actor, name, number), valid(DecisionIn, request)
        decide = intakes.approve if given["decision"] == "approve" else intakes.reject
        decide(version, given["reason"], by=self.actor)
        return Response(intake_json(intake_of(version)), status=202)


class Files(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(
        operation_id="model_versions_file",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, name: str, number: int, form: str) -> StreamingHttpResponse:
        """Download one form of the version: joblib, skops, onnx, xgboost_json, xgboost_ubj, lightgbm, arrays, pickle or
        compiled."""
        return sent(access.version(self.actor, name, number), form)
