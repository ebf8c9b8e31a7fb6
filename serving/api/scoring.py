"""The addresses of MLflow's scoring server for one endpoint, beside its own /invocations: ping, health, version.

Below `endpoints/<name>` they also suit `mlflow.deployments`, whose client asks there.
"""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from mlregistry import __version__
from mlregistry.accounts.models import Role
from mlregistry.rest import TeamView
from serving import access, live_routing
from serving.hotpath.inference import is_ready

TEXT = {(200, "text/plain"): OpenApiTypes.STR}


class Ping(TeamView):
    roles = {"get": Role.VIEWER}
    scope = "predict"

    @extend_schema(operation_id="endpoints_ping", responses=TEXT)
    def get(self, request: Request, name: str) -> HttpResponse:
        """200 once every version behind the endpoint is loaded here, 404 before that, as MLflow's server."""
        return _health(self, name)


class Health(TeamView):
    roles = {"get": Role.VIEWER}
    scope = "predict"

    @extend_schema(operation_id="endpoints_health", responses=TEXT)
    def get(self, request: Request, name: str) -> HttpResponse:
        return _health(self, name)


class Version(TeamView):
    roles = {"get": Role.VIEWER}
    scope = "predict"

    @extend_schema(operation_id="endpoints_version", responses=TEXT)
    def get(self, request: Request, name: str) -> HttpResponse:
        """The version of this server."""
        access.endpoint(self.actor, name)
        return HttpResponse(__version__, content_type="text/plain")


def _health(view: TeamView, name: str) -> HttpResponse:
    found = access.endpoint(view.actor, name)
    routing = live_routing.here()
    routing.refresh()
    endpoint = routing.snapshot.endpoints.get((view.actor.team.slug, found.name))
    ready = endpoint is not None and is_ready(endpoint, routing.snapshot, version=None)
    return HttpResponse("\n", status=200 if ready else 404, content_type="application/json")
