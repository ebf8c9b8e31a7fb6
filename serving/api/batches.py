"""REST views of batch predictions: start one, follow it, take the result away."""

from typing import Any

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access as experiments_access
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict
from mlregistry.jobs.actions.jobs import cancel
from mlregistry.ml.table_export import FORMATS
from mlregistry.rest import TeamView, listing, valid
from mlregistry.rest_idempotency import idempotent
from serving import access
from serving.actions.batches import start_batch
from serving.queries.batches import batch_json, exported


class BatchIn(serializers.Serializer[Any]):
    dataset = serializers.IntegerField(min_value=1)
    version = serializers.IntegerField(min_value=1, required=False, help_text="The newest when left out.")
    variant = serializers.CharField(required=False, help_text="The one with most traffic when left out.")
    id_column = serializers.CharField(required=False, allow_blank=True, default="", max_length=255)
    exact = serializers.BooleanField(default=True, help_text="Each row as if asked alone, to the bit.")
    save_as = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=200, help_text="A dataset for the result."
    )


class Batches(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(operation_id="batches_list", responses=dict)
    def get(self, request: Request, name: str) -> Response:
        """The endpoint's batches, newest first."""
        rows = access.batches(self.actor).filter(endpoint=access.endpoint(self.actor, name))
        return listing(request, rows, ordering=("-created_at",), to_json=batch_json)

    @extend_schema(operation_id="batches_start", request=BatchIn, responses={201: dict})
    @idempotent()
    def post(self, request: Request, name: str) -> Response:
        """Scores a whole dataset version in the background."""
        endpoint, given = access.endpoint(self.actor, name), valid(BatchIn, request)
        data = experiments_access.dataset_version(
            self.actor, given.pop("dataset"), given.pop("version", None)
        )
        return Response(batch_json(start_batch(endpoint, data, **given, by=self.actor)), status=201)


class OneBatch(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="batches_read", responses=dict)
    def get(self, request: Request, batch_id: int) -> Response:
        """State, progress, and the first thousand rows that have no answer, with the reason."""
        return Response(batch_json(access.batch(self.actor, batch_id)))


class Cancel(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="batches_cancel", request=None, responses=dict)
    def post(self, request: Request, batch_id: int) -> Response:
        batch = access.batch(self.actor, batch_id)
        if batch.job is None:
            raise Conflict("The job of this batch is gone.")
        cancel(batch.job, by=self.actor)
        return Response(batch_json(access.batch(self.actor, batch_id)))


class Result(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(
        operation_id="batches_result",
        parameters=[OpenApiParameter("as", str, enum=sorted(FORMATS))],
        responses={(200, "application/vnd.apache.parquet"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, batch_id: int) -> FileResponse:
        """The table with its answers, as `parquet` or as `csv`."""
        batch, kind = access.batch(self.actor, batch_id), request.query_params.get("as", "parquet")
        file = exported(batch, format=kind)
        name = f"{batch.endpoint.name} batch {batch.pk}.{kind}"
        return FileResponse(file, as_attachment=True, filename=name, content_type=FORMATS[kind])
