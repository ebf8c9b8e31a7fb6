"""REST: one run, its logging, histories, curves and files."""

import uuid
from typing import Any

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access
from experiments.actions import artifacts
from experiments.actions import logging as log_actions
from experiments.actions import runs as actions
from experiments.actions.measurements import Metric
from experiments.actions.settling import settle_runs
from experiments.models import Run
from experiments.queries import runs as queries
from mlregistry.accounts.models import Role
from mlregistry.artifacts import paths, store
from mlregistry.errors import Invalid, NotFound, TooLarge
from mlregistry.rest import TeamView, body_of, listing

from .datasets import DIGEST, UPLOAD_REQUEST
from .parsing import UPLOAD_PARSERS, needed, parsed, upload
from .serializers import ArtifactOut, BatchIn, HistoryOut, PointOut, RunChange, RunDetail

MOST_METRICS = 10_000
MOST_TEXTS = 1000


class OneRun(TeamView):
    roles = {"get": Role.VIEWER, "patch": Role.EDITOR, "delete": Role.EDITOR}

    @extend_schema(responses=RunDetail)
    def get(self, request: Request, run_id: uuid.UUID) -> Response:
        """One run with recipe, signature and warnings."""
        settle_runs(self.actor.team)
        return Response(RunDetail(access.run(self.actor, run_id)).data)

    @extend_schema(request=RunChange, responses=RunDetail)
    def patch(self, request: Request, run_id: uuid.UUID) -> Response:
        """Change, finish, annotate, delete or restore a run."""
        run = access.run(self.actor, run_id)
        self._change(run, parsed(RunChange, body_of(request), partial=True))
        return Response(RunDetail(access.run(self.actor, run_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, run_id: uuid.UUID) -> Response:
        """Delete the run; it can be restored."""
        actions.delete_run(access.run(self.actor, run_id), by=self.actor)
        return Response(status=204)

    def _change(self, run: Run, changes: dict[str, Any]) -> None:
        lifecycle, note = changes.pop("lifecycle", None), changes.pop("note", None)
        if lifecycle == "active":
            actions.restore_run(run, by=self.actor)
        if changes:
            actions.update_run(run, **changes, by=self.actor)
        if note is not None:
            actions.set_note(run, note, by=self.actor)
        if lifecycle == "deleted":
            actions.delete_run(run, by=self.actor)


class LogBatch(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(request=BatchIn, responses={204: None})
    def post(self, request: Request, run_id: uuid.UUID) -> Response:
        """Log metrics, params and tags, all or nothing; sending it again changes nothing."""
        run = access.run(self.actor, run_id)
        body = body_of(request)
        _check_sizes(body)
        batch = parsed(BatchIn, body)
        metrics = [Metric(**metric) for metric in batch.get("metrics", [])]
        log_actions.log_batch(
            run, metrics=metrics, params=batch.get("params", {}), tags=batch.get("tags", {}), by=self.actor
        )
        return Response(status=204)


class MetricHistory(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(parameters=[OpenApiParameter("max_points", int)], responses=HistoryOut)
    def get(self, request: Request, run_id: uuid.UUID, key: str) -> Response:
        """The points of a metric; long histories keep every extreme."""
        run = access.run(self.actor, run_id)
        points = queries.history(run, key, max_points=needed(request, "max_points", 1000))
        return Response({"key": key, "points": PointOut(points, many=True).data})


class Curves(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, run_id: uuid.UUID) -> Response:
        """The run's curves and matrices as data, by name."""
        return Response(queries.curves(access.run(self.actor, run_id)))


class Artifacts(TeamView):
    roles = {"get": Role.VIEWER, "delete": Role.EDITOR}

    @extend_schema(
        parameters=[OpenApiParameter("path", str, description="Only files under this folder")],
        responses=ArtifactOut(many=True),
    )
    def get(self, request: Request, run_id: uuid.UUID) -> Response:
        """The run's files."""
        run = access.run(self.actor, run_id)
        rows = queries.artifacts(run, prefix=paths.folder(request.query_params.get("path", "")))
        return listing(
            request, rows, ordering=("path", "created_at"), to_json=ArtifactOut().to_representation
        )

    @extend_schema(
        parameters=[OpenApiParameter("path", str, required=True, description="A file or a folder")],
        responses={204: None},
    )
    def delete(self, request: Request, run_id: uuid.UUID) -> Response:
        """Remove a file, or a folder with all below it."""
        run = access.run(self.actor, run_id)
        path = paths.normalise(request.query_params.get("path", "").rstrip("/"))
        if not artifacts.delete_path(run, path, by=self.actor):
            raise NotFound(f"The run has no file or folder {path!r}.")
        return Response(status=204)


class OneArtifact(TeamView):
    roles = {"get": Role.VIEWER, "put": Role.EDITOR, "post": Role.EDITOR, "delete": Role.EDITOR}
    parser_classes = UPLOAD_PARSERS

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, run_id: uuid.UUID, path: str) -> FileResponse:
        """The file's bytes, always as a download."""
        found = access.artifact(self.actor, run_id, paths.normalise(path))
        response = FileResponse(
            store.open_file(found.file),
            as_attachment=True,
            filename=paths.basename(found.path),
            content_type="application/octet-stream",
        )
        response["X-Content-Type-Options"] = "nosniff"
        response["ETag"] = f'"{found.file.sha256}"'
        return response

    @extend_schema(request=UPLOAD_REQUEST, parameters=[DIGEST], responses={201: ArtifactOut})
    def put(self, request: Request, run_id: uuid.UUID, path: str) -> Response:
        """Store a file (a form's `file`, or the raw body) at this path."""
        run = access.run(self.actor, run_id)
        with upload(request) as (stream, _, content_type):
            saved = artifacts.save_artifact(run, path, stream, content_type=content_type, by=self.actor)
        return Response(ArtifactOut(saved).data, status=201)

    @extend_schema(request=UPLOAD_REQUEST, parameters=[DIGEST], responses={201: ArtifactOut})
    def post(self, request: Request, run_id: uuid.UUID, path: str) -> Response:
        """The same as PUT, for forms."""
        return self.put(request, run_id, path)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, run_id: uuid.UUID, path: str) -> Response:
        """Remove the file from the run."""
        found = access.artifact(self.actor, run_id, paths.normalise(path))
        artifacts.delete_artifact(found, by=self.actor)
        return Response(status=204)


def _check_sizes(body: dict[str, Any]) -> None:
    for name, most in (("metrics", MOST_METRICS), ("params", MOST_TEXTS), ("tags", MOST_TEXTS)):
        given = body.get(name, [])
        if not isinstance(given, list | dict):
            raise Invalid("A list of metrics, objects of params and tags.", field=name)
        if len(given) > most:
            raise TooLarge(f"At most {most:,} {name} fit in one batch.", field=name)
