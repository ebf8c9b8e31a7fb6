"""REST views of the Open Inference Protocol v2; `serving.fast_door` gives the same answers to infer without Django."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry import __version__
from mlregistry.accounts.models import Role
from mlregistry.errors import NotFound
from mlregistry.rest import TeamView
from serving import live_routing
from serving.api.at_once import AnsweredAtOnce
from serving.environs import read_headers
from serving.hotpath import inference
from serving.hotpath.inference import Inference
from serving.hotpath.protocols import Wording
from serving.hotpath.snapshot import Endpoint, Snapshot
from serving.hotpath.wire import MAX_BYTES

NAME = "mlregistry"


class V2View(TeamView):
    """Errors are the protocol's: `{"error": …}`."""

    roles = {}

    def handle_exception(self, exc: Exception) -> Response:
        answer = super().handle_exception(exc)
        detail = answer.data.get("detail", "") if isinstance(answer.data, dict) else ""
        answer.data, answer.content_type = {"error": str(detail)}, "application/json"
        return answer


class Server(V2View):
    roles = {"get": None}

    @extend_schema(operation_id="v2_server", responses=dict)
    def get(self, request: Request) -> Response:
        """Name, version and extensions (none) of the server."""
        return Response({"name": NAME, "version": __version__, "extensions": []})


class Live(V2View):
    roles = {"get": None}

    @extend_schema(operation_id="v2_live", responses=dict)
    def get(self, request: Request) -> Response:
        return Response({"live": True})


class Ready(V2View):
    roles = {"get": None}

    @extend_schema(operation_id="v2_ready", responses={200: dict, 503: dict})
    def get(self, request: Request) -> Response:
        """200 once the routing is in force and every version that endpoints need is loaded, 503 before."""
        routing = live_routing.here()
        routing.start(wait=False)
        ready = routing.is_ready()
        return Response({"live": ready, "ready": ready}, status=200 if ready else 503)


class Model(V2View):
    roles = {"get": Role.VIEWER}
    scope = "predict"

    @extend_schema(operation_id="v2_model", responses=dict)
    def get(self, request: Request, name: str, version: int | None = None) -> Response:
        """Inputs and outputs of the version that gets most of an endpoint's traffic, or of the one named."""
        endpoint, snapshot = _endpoint(self, name)
        return Response(inference.metadata(endpoint, snapshot, version=version))


class ModelReady(V2View):
    roles = {"get": Role.VIEWER}
    scope = "predict"

    @extend_schema(operation_id="v2_model_ready", responses={200: dict, 503: dict})
    def get(self, request: Request, name: str, version: int | None = None) -> Response:
        endpoint, snapshot = _endpoint(self, name)
        ready = inference.is_ready(endpoint, snapshot, version=version)
        return Response({"name": endpoint.name, "ready": ready}, status=200 if ready else 503)


class Infer(V2View, AnsweredAtOnce):
    roles = {"post": Role.VIEWER}
    scope = "predict"

    def wording(self, **kwargs: Any) -> Wording:
        return Inference(kwargs.get("version"))

    @extend_schema(operation_id="v2_infer", request=OpenApiTypes.OBJECT, responses={200: OpenApiTypes.OBJECT})
    def post(self, request: Request, name: str, version: int | None = None) -> HttpResponse:
        """Named tensors in, named tensors out; with a version in the address that one answers, outside the split."""
        inner = request._request
        headers = read_headers(inner.META)
        body = inner.read(MAX_BYTES + 1)
        status, extra, answer = live_routing.predict_as(
            self.actor, name, body, headers, wording=Inference(version)
        )
        return HttpResponse(answer, status=status, headers=extra)


def _endpoint(view: TeamView, name: str) -> tuple[Endpoint, Snapshot]:
    routing = live_routing.here()
    routing.refresh()
    snapshot = routing.snapshot
    endpoint = snapshot.endpoints.get((view.actor.team.slug, name))
    if endpoint is None:
        raise NotFound(f"There is no model “{name}” in this team.")
    return endpoint, snapshot
