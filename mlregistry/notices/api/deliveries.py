"""REST: the delivery log of the team's channels, and sending again."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.notices import access
from mlregistry.notices.actions.delivering import replay
from mlregistry.notices.models import Delivery, DeliveryState
from mlregistry.rest import TeamView, listing
from mlregistry.rest_idempotency import idempotent

PARAMETERS = [
    OpenApiParameter("channel", int, description="of this channel alone"),
    OpenApiParameter("state", str, enum=DeliveryState.values),
]


class DeliveryOut(serializers.ModelSerializer[Delivery]):
    kind = serializers.CharField(source="notice.kind")
    title = serializers.CharField(source="notice.title")

    class Meta:
        model = Delivery
        fields = [
            "id", "message_id", "channel", "kind", "title", "state", "attempts", "status_code", "seconds", "answer",
            "error", "next_at", "is_test", "replay_of", "created_at", "delivered_at",
        ]  # fmt: skip


class Deliveries(TeamView):
    roles = {"get": Role.EDITOR}

    @extend_schema(operation_id="deliveries_list", parameters=PARAMETERS, responses=DeliveryOut(many=True))
    def get(self, request: Request) -> Response:
        """What left the server through channels, newest first."""
        return listing(
            request,
            access.deliveries(self.actor).filter(**_filter(request.query_params)),
            ordering=("-created_at", "created_at"),
            to_json=DeliveryOut().to_representation,
        )


class OneDelivery(TeamView):
    roles = {"get": Role.EDITOR}

    @extend_schema(operation_id="deliveries_read", responses=DeliveryOut)
    def get(self, request: Request, delivery_id: int) -> Response:
        """One line of the log."""
        return Response(DeliveryOut(access.delivery(self.actor, delivery_id)).data)


class Replay(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="deliveries_replay", request=None, responses={201: DeliveryOut})
    @idempotent()
    def post(self, request: Request, delivery_id: int) -> Response:
        """Sends the same message again, with the same id, as a new line of the log."""
        made = replay(access.delivery(self.actor, delivery_id), by=self.actor)
        return Response(DeliveryOut(made).data, status=201)


def _filter(given: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if given.get("channel"):
        if not given["channel"].isascii() or not given["channel"].isdigit() or len(given["channel"]) > 18:
            raise Invalid("channel must be the number of a channel.", field="channel")
        found["channel_id"] = int(given["channel"])
    if given.get("state"):
        if given["state"] not in DeliveryState.values:
            raise Invalid(f"state must be one of {', '.join(DeliveryState.values)}.", field="state")
        found["state"] = given["state"]
    return found
