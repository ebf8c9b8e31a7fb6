"""REST: the log of what was sent to the registry's webhooks, and sending again. MLflow's door keeps the webhooks."""

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.rest import TeamView, listing
from mlregistry.rest_idempotency import idempotent
from models_app import access
from models_app.actions.webhooks import replay
from models_app.models import WebhookDelivery


class WebhookDeliveryOut(serializers.ModelSerializer[WebhookDelivery]):
    class Meta:
        model = WebhookDelivery
        fields = [
            "id", "message_id", "webhook", "event", "state", "attempts", "status_code", "seconds", "answer", "error",
            "replay_of", "created_at", "delivered_at",
        ]  # fmt: skip


class WebhookDeliveries(TeamView):
    roles = {"get": Role.OWNER}

    @extend_schema(operation_id="webhook_deliveries_list", responses=WebhookDeliveryOut(many=True))
    def get(self, request: Request) -> Response:
        """What was sent to the registry's webhooks, newest first."""
        return listing(
            request, access.webhook_deliveries(self.actor), ordering=("-created_at", "created_at"), to_json=_json
        )  # fmt: skip


class WebhookReplay(TeamView):
    roles = {"post": Role.OWNER}

    @extend_schema(
        operation_id="webhook_deliveries_replay", request=None, responses={201: WebhookDeliveryOut}
    )
    @idempotent()
    def post(self, request: Request, delivery_id: uuid.UUID) -> Response:
        """Sends the same event again, with the same id, as a new line of the log."""
        made = replay(access.webhook_delivery(self.actor, delivery_id), by=self.actor)
        return Response(_json(made), status=201)


def _json(row: WebhookDelivery) -> dict[str, Any]:
    return dict(WebhookDeliveryOut(row).data)
