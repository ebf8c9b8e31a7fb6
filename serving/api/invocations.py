"""The REST view that predicts; `serving.fast_door` gives the same answers without Django."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, NotFound
from mlregistry.rest import TeamView
from serving import access
from serving.api.at_once import AnsweredAtOnce
from serving.environs import read_headers
from serving.hotpath.wire import MAX_BYTES
from serving.live_routing import predict_as

MOST_NAMED = 20


class Invocations(AnsweredAtOnce):
    roles = {"post": Role.VIEWER}
    scope = "predict"

    @extend_schema(
        operation_id="endpoints_predict", request=OpenApiTypes.OBJECT, responses={200: OpenApiTypes.OBJECT}
    )
    def post(self, request: Request, name: str) -> HttpResponse:
        """MLflow's scoring formats: dataframe_split, dataframe_records, instances or inputs, or text/csv.

        The header X-Unit-Id, or `unit_id` in the body, keeps a unit on its variant.
        """
        return _predicted(self.actor, request, name)


class ClientInvocations(Invocations):
    """The same under the address where `mlflow.deployments` asks."""

    roles = {"post": Role.VIEWER}

    @extend_schema(
        operation_id="endpoints_predict_for_mlflow",
        request=OpenApiTypes.OBJECT,
        responses={200: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request, name: str) -> HttpResponse:
        return super().post(request, name)


class OnlyInvocations(TeamView):
    """The bare address of a server of one model: for teams that have one endpoint."""

    roles = {"post": Role.VIEWER}
    scope = "predict"

    @extend_schema(
        operation_id="endpoints_predict_only_one",
        request=OpenApiTypes.OBJECT,
        responses={200: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request) -> HttpResponse:
        """Asks the team's only endpoint; 404 where there is none, 409 with their addresses where there are several."""
        names = list(access.endpoints(self.actor).order_by("name").values_list("name", flat=True))
        if not names:
            raise NotFound("This team has no endpoint to ask.")
        if len(names) > 1:
            addresses = [f"/api/v1/endpoints/{name}/invocations" for name in names[:MOST_NAMED]]
            raise Conflict(
                f"This team has {len(names):,} endpoints. Ask one by its address, such as {addresses[0]}.",
                details=addresses,
            )
        return _predicted(self.actor, request, names[0])


def _predicted(by: Actor, request: Request, name: str) -> HttpResponse:
    inner = request._request
    headers = read_headers(inner.META)
    status, extra, answer = predict_as(by, name, inner.read(MAX_BYTES + 1), headers)
    return HttpResponse(answer, status=status, headers=extra)
