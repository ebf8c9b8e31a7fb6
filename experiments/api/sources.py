"""REST: the sources of a dataset: stored connections, their preview and refresh, and rows sent in batches."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access
from experiments.actions import sources as actions
from experiments.actions import streams
from experiments.models import DataSource
from experiments.sources.kinds import KINDS
from mlregistry.accounts.models import Role
from mlregistry.rest import TeamView, body_of, listing
from mlregistry.rest_idempotency import idempotent

from .parsing import filtered, parameters, parsed

FILTERS = {"kind": "kind", "state": "state"}
ORDERING = ("name", "-created_at")


class SourceOut(serializers.ModelSerializer[DataSource]):
    """Without secrets: `has_secret` tells whether there are any."""

    has_secret = serializers.SerializerMethodField()

    class Meta:
        model = DataSource
        fields = (
            "id", "dataset", "name", "kind", "config", "has_secret", "cron", "state", "error", "refreshed_at",
            "version", "created_by", "created_at",
        )  # fmt: skip

    def get_has_secret(self, source: DataSource) -> bool:
        return bool(source.sealed)


class SourceChange(serializers.Serializer[Any]):
    name = serializers.CharField(required=False, max_length=200)
    config = serializers.DictField(required=False)
    secrets = serializers.DictField(child=serializers.CharField(), required=False, write_only=True)
    cron = serializers.CharField(required=False, allow_blank=True, help_text="UTC; empty: only when asked")


class SourceIn(SourceChange):
    kind = serializers.ChoiceField(sorted(KINDS))
    config = serializers.DictField()


class SourceTry(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(sorted(KINDS))
    config = serializers.DictField()
    secrets = serializers.DictField(child=serializers.CharField(), required=False, write_only=True)


class TriedOut(serializers.Serializer[Any]):
    columns = serializers.ListField(child=serializers.DictField())
    rows = serializers.ListField(child=serializers.DictField())
    notes = serializers.ListField(child=serializers.CharField())


class JobOut(serializers.Serializer[Any]):
    job = serializers.UUIDField()


class RowsIn(serializers.Serializer[Any]):
    rows = serializers.ListField(
        child=serializers.DictField(), help_text="each with key, event_at and values"
    )


class RowsOut(serializers.Serializer[Any]):
    n_rows = serializers.IntegerField()
    n_new = serializers.IntegerField()


class Sources(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(parameters=parameters(FILTERS, ORDERING), responses=SourceOut(many=True))
    def get(self, request: Request, dataset_id: int) -> Response:
        """The dataset's sources."""
        rows = filtered(request, access.sources(self.actor, dataset_id), FILTERS)
        return listing(request, rows, ordering=ORDERING, to_json=SourceOut().to_representation)

    @extend_schema(request=SourceIn, responses={201: SourceOut})
    @idempotent()
    def post(self, request: Request, dataset_id: int) -> Response:
        """Store a connection; refresh it to fetch."""
        dataset = access.dataset(self.actor, dataset_id)
        source = actions.create_source(dataset, **parsed(SourceIn, body_of(request)), by=self.actor)
        return Response(SourceOut(source).data, status=201)


class OneSource(TeamView):
    roles = {"get": Role.VIEWER, "patch": Role.EDITOR, "delete": Role.EDITOR}

    @extend_schema(responses=SourceOut)
    def get(self, request: Request, dataset_id: int, source_id: int) -> Response:
        """One source."""
        return Response(SourceOut(access.source(self.actor, dataset_id, source_id)).data)

    @extend_schema(request=SourceChange, responses=SourceOut)
    def patch(self, request: Request, dataset_id: int, source_id: int) -> Response:
        """Change what is sent; another place needs the secret again."""
        source = access.source(self.actor, dataset_id, source_id)
        changes = parsed(SourceChange, body_of(request), partial=True)
        return Response(SourceOut(actions.update_source(source, **changes, by=self.actor)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, dataset_id: int, source_id: int) -> Response:
        """Forget the connection; its versions stay."""
        actions.delete_source(access.source(self.actor, dataset_id, source_id), by=self.actor)
        return Response(status=204)


class TrySource(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(request=SourceTry, responses=TriedOut)
    def post(self, request: Request, dataset_id: int) -> Response:
        """The columns and first rows of a source that is not stored."""
        access.dataset(self.actor, dataset_id)
        wanted = parsed(SourceTry, body_of(request))
        tried = actions.preview_source(
            wanted["kind"], wanted["config"], wanted.get("secrets", {}), by=self.actor
        )
        return Response(_tried(*tried))


class SourcePreview(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(request=None, responses=TriedOut)
    def post(self, request: Request, dataset_id: int, source_id: int) -> Response:
        """The columns and first rows as they would be fetched now."""
        source = access.source(self.actor, dataset_id, source_id)
        tried = actions.preview_source(source.kind, source.config, actions.opened(source), by=self.actor)
        return Response(_tried(*tried))


class SourceRefresh(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(request=None, responses={202: JobOut})
    def post(self, request: Request, dataset_id: int, source_id: int) -> Response:
        """Fetch what is new in the background."""
        job = actions.start_refresh(access.source(self.actor, dataset_id, source_id), by=self.actor)
        return Response({"job": job.pk}, status=202)


class Rows(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(request=RowsIn, responses={202: RowsOut})
    def post(self, request: Request, dataset_id: int) -> Response:
        """Add up to 10,000 rows, each with a key of its own; the same key again adds nothing."""
        dataset = access.dataset(self.actor, dataset_id)
        rows = body_of(request).get("rows")
        n_new = streams.append(dataset, rows if isinstance(rows, list) else [], by=self.actor)
        return Response({"n_rows": len(rows or []), "n_new": n_new}, status=202)


class RollRows(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(request=None, responses={202: JobOut})
    def post(self, request: Request, dataset_id: int) -> Response:
        """Make a version of the rows that wait, now."""
        job = streams.start_roll(access.dataset(self.actor, dataset_id), by=self.actor)
        return Response({"job": job.pk}, status=202)


def _tried(info: Any, rows: list[dict[str, Any]]) -> dict[str, Any]:
    columns = [{"name": column.name, "type": column.type} for column in info.columns]
    return {"columns": columns, "rows": rows, "notes": list(info.notes)}
