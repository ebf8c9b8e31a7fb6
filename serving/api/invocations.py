"""The REST view that predicts; `serving.fast_door` gives the same answers without Django."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from mlregistry.accounts.models import Role
from mlregistry.rest import TeamView
from serving.hotpath.wire import MAX_BYTES
from serving.live_routing import predict_as


class Invocations(TeamView):
    roles = {"post": Role.VIEWER}
    scope = "predict"

    @extend_schema(
        operation_id="endpoints_predict", request=OpenApiTypes.OBJECT, responses={200: OpenApiTypes.OBJECT}
    )
    def post(self, request: Request, name: str) -> HttpResponse:
        """MLflow's scoring formats: dataframe_split, dataframe_records, instances or inputs, or text/csv.

        The header X-Unit-Id, or `unit_id` in the body, keeps a unit on its variant.
        """
        inner = request._request
        headers = {key.lower(): value for key, value in inner.headers.items()}
        status, extra, answer = predict_as(self.actor, name, inner.read(MAX_BYTES + 1), headers)
        return HttpResponse(answer, status=status, headers=extra)


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
