"""REST: the team's trash: what was deleted, restoring it, purging it for good."""

import dataclasses
import uuid
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from experiments.actions import trash as actions
from experiments.models import model_key
from experiments.queries import trash as queries
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.rest import TeamView, body_of

from .parsing import needed, parsed


class EntryOut(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(list(queries.PARTS))
    id = serializers.CharField(
        help_text="as in the address of an experiment or run, or m-… of a logged model"
    )
    name = serializers.CharField()
    experiment_id = serializers.IntegerField()
    experiment = serializers.CharField()
    deleted_at = serializers.DateTimeField()
    deleted_by = serializers.CharField(allow_null=True)
    n_runs = serializers.IntegerField(allow_null=True, help_text="of experiments")
    size = serializers.IntegerField(help_text="bytes of its files")


class TotalsOut(serializers.Serializer[Any]):
    n_experiments = serializers.IntegerField()
    n_runs = serializers.IntegerField(help_text="without those of deleted experiments")
    n_logged_models = serializers.IntegerField(help_text="without those of deleted experiments")
    size = serializers.IntegerField(help_text="bytes of all files; each counts once")


class TrashOut(serializers.Serializer[Any]):
    totals = TotalsOut()
    results = EntryOut(many=True)
    next_page_token = serializers.CharField(allow_null=True)


class ChosenIn(serializers.Serializer[Any]):
    experiments = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), required=False
    )
    runs = serializers.ListField(child=serializers.UUIDField(), required=False)
    logged_models = serializers.ListField(child=serializers.CharField(), required=False)


class PurgeIn(ChosenIn):
    everything = serializers.BooleanField(required=False, help_text="the whole trash")


class PurgeOut(serializers.Serializer[Any]):
    job = serializers.UUIDField()


class Trash(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(
        parameters=[
            OpenApiParameter("kind", str, enum=list(queries.PARTS)),
            OpenApiParameter("page_size", int),
            OpenApiParameter("page_token", str),
        ],
        responses=TrashOut,
    )
    def get(self, request: Request) -> Response:
        """What was deleted, the newest first."""
        entries, token = queries.page(
            self.actor.team.pk,
            kind=request.query_params.get("kind", ""),
            limit=needed(request, "page_size", 100),
            page_token=request.query_params.get("page_token", ""),
        )
        totals = dataclasses.asdict(queries.totals(self.actor.team.pk))
        return Response(
            {"totals": totals, "results": [_shown(entry) for entry in entries], "next_page_token": token}
        )


class Restore(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(request=ChosenIn, responses={204: None})
    def post(self, request: Request) -> Response:
        """Bring back what is named, all of it or nothing."""
        actions.restore(_chosen(parsed(ChosenIn, body_of(request))), by=self.actor)
        return Response(status=204)


class Purge(TeamView):
    roles = {"post": Role.OWNER}

    @extend_schema(request=PurgeIn, responses={202: PurgeOut})
    def post(self, request: Request) -> Response:
        """Remove what is named for good, with histories and files, by a job; names are free again after it."""
        wanted = parsed(PurgeIn, body_of(request))
        everything = wanted.pop("everything", False)
        if everything and wanted:
            raise Invalid("Name what to purge, or everything, not both.", field="everything")
        job = actions.start_purge(None if everything else _chosen(wanted), by=self.actor)
        return Response({"job": job.pk}, status=202)


def _chosen(wanted: dict[str, Any]) -> queries.Selection:
    return queries.Selection(
        tuple(wanted.get("experiments", ())),
        tuple(wanted.get("runs", ())),
        tuple(_model(text) for text in wanted.get("logged_models", ())),
    )


def _model(text: str) -> uuid.UUID:
    key = model_key(text)
    if key is None:
        raise Invalid(f"{text[:50]!r} is no id of a logged model.", field="logged_models")
    return key


def _shown(entry: queries.Entry) -> dict[str, Any]:
    shown = dataclasses.asdict(entry)
    if entry.kind == "logged_model":
        shown["id"] = f"m-{uuid.UUID(entry.id).hex}"
    return shown
