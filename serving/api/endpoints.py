"""REST views of endpoints: create, change, swap variants, statistics, feedback."""

from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access as experiments_access
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.rest import TeamView, listing, valid
from mlregistry.rest_idempotency import idempotent
from serving import access
from serving.actions import endpoints as actions
from serving.actions.feedback import record_feedback
from serving.actions.split_previews import preview
from serving.api.schemas import (
    EndpointIn,
    EndpointOut,
    EndpointPatch,
    FeedbackIn,
    VariantsChange,
    VariantsIn,
    endpoint_json,
    variant_specs,
)
from serving.queries.live import variant_statistics


class Endpoints(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(operation_id="endpoints_list", responses=EndpointOut(many=True))
    def get(self, request: Request) -> Response:
        """The team's endpoints; `search` looks in names."""
        rows = access.endpoints(self.actor).prefetch_related("variants__version__model")
        if search := request.query_params.get("search"):
            rows = rows.filter(name__icontains=search)
        return listing(request, rows, ordering=("name", "created_at", "updated_at"), to_json=endpoint_json)

    @extend_schema(operation_id="endpoints_create", request=EndpointIn, responses={201: EndpointOut})
    @idempotent()
    def post(self, request: Request) -> Response:
        given = valid(EndpointIn, request)
        number = given.pop("problem", None)
        given["problem"] = experiments_access.problem(self.actor, number) if number else None
        given["variants"] = variant_specs(self.actor, given["variants"])
        endpoint = actions.create_endpoint(given.pop("name"), **given, by=self.actor)
        return Response(_json(self, endpoint.name), status=201)


class Endpoint(TeamView):
    roles = {"get": Role.VIEWER, "patch": Role.EDITOR, "delete": Role.EDITOR}

    @extend_schema(operation_id="endpoints_read", responses=EndpointOut)
    def get(self, request: Request, name: str) -> Response:
        return Response(_json(self, name))

    @extend_schema(operation_id="endpoints_update", request=EndpointPatch, responses=EndpointOut)
    def patch(self, request: Request, name: str) -> Response:
        endpoint = access.endpoint(self.actor, name)
        given = valid(EndpointPatch, request)
        if "problem" in given:
            given["problem"] = experiments_access.problem(self.actor, given["problem"])
        actions.update_endpoint(endpoint, **given, by=self.actor)
        return Response(_json(self, name))

    @extend_schema(operation_id="endpoints_delete", responses={204: None})
    def delete(self, request: Request, name: str) -> Response:
        """Deletes its prediction log and feedback too."""
        actions.delete_endpoint(access.endpoint(self.actor, name), by=self.actor)
        return Response(status=204)


class Variants(TeamView):
    roles = {"put": Role.EDITOR}

    @extend_schema(operation_id="endpoints_set_variants", request=VariantsChange, responses=EndpointOut)
    def put(self, request: Request, name: str) -> Response:
        """Swaps versions and weights as a whole; units move only to variants that grow."""
        endpoint, given = access.endpoint(self.actor, name), valid(VariantsChange, request)
        specs = variant_specs(self.actor, given["variants"])
        actions.change_split(endpoint, specs, reason=given["reason"], by=self.actor)
        return Response(_json(self, name))


class VariantsPreview(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="endpoints_preview_variants", request=VariantsIn, responses=dict)
    def post(self, request: Request, name: str) -> Response:
        """What these variants would move, as shares of the units (0 to 1); nothing is changed."""
        endpoint = access.endpoint(self.actor, name)
        specs = variant_specs(self.actor, valid(VariantsIn, request)["variants"])
        return Response(preview(endpoint, specs, by=self.actor).to_json())


class Statistics(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(
        operation_id="endpoints_statistics",
        parameters=[OpenApiParameter("since", datetime, description="From this time on (ISO 8601).")],
        responses=dict,
    )
    def get(self, request: Request, name: str) -> Response:
        """Per variant: predictions, share, latency, errors, feedback and live metrics."""
        endpoint = access.endpoint(self.actor, name)
        since = _time(request.query_params.get("since"))
        return Response({"endpoint": name, "variants": variant_statistics(endpoint, since=since)})


class Feedback(TeamView):
    roles = {"post": Role.EDITOR}
    scope = "predict"

    @extend_schema(operation_id="endpoints_feedback", request=FeedbackIn, responses=dict)
    def post(self, request: Request, name: str) -> Response:
        """True outcomes, by prediction id, or by request id and row; the same ones again change nothing."""
        endpoint = access.endpoint(self.actor, name)
        items = valid(FeedbackIn, request)["feedback"]
        return Response({"n_recorded": record_feedback(endpoint, items, by=self.actor)})


def _json(view: TeamView, name: str) -> dict[str, Any]:
    return endpoint_json(access.endpoint(view.actor, name))


def _time(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        time = parse_datetime(text)
    except ValueError:
        time = None
    if time is None:
        raise Invalid("since must be a time such as 2026-01-31T12:00:00Z.", field="since")
    return time if time.tzinfo else time.astimezone()
