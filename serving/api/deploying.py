"""REST view that swaps what stands behind an endpoint and answers when every serving process has it."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.rest import TeamView, body_of, valid
from serving import access
from serving.actions.deploying import deploy
from serving.api.schemas import VariantsChange, variant_specs

WAIT = OpenApiParameter("wait", float, description="Seconds to wait for all processes, at most 120.")


class Deploy(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(
        operation_id="endpoints_deploy",
        parameters=[WAIT],
        request=VariantsChange,
        responses={200: dict, 202: dict},
    )
    def post(self, request: Request, name: str) -> Response:
        """200 when every serving process answers by the new variants; 202 with those that have not got them yet.

        Without variants in the body it waits for the endpoint as it is.
        """
        endpoint = access.endpoint(self.actor, name)
        sent = body_of(request) if request.data else {}
        given = valid(VariantsChange, request) if sent else {}
        specs = variant_specs(self.actor, given["variants"]) if sent else None
        reason = given.get("reason", "")
        found = deploy(endpoint, specs, wait_seconds=_wait(request), reason=reason, by=self.actor)
        return Response(found.to_json(), status=200 if found.live else 202)


def _wait(request: Request) -> float:
    text: Any = request.query_params.get("wait", "0")
    try:
        return float(text)
    except ValueError:
        raise Invalid("wait is a number of seconds.", field="wait") from None
