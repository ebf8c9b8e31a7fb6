"""The registry: names, immutable numbered versions, movable aliases."""

from .compilations import Compilation
from .models import RegisteredModel
from .versions import Alias, ModelFile, ModelVersion, Stage, VersionState
from .webhooks import Webhook, WebhookDelivery, WebhookStatus

__all__ = [
    "Alias",
    "Compilation",
    "ModelFile",
    "ModelVersion",
    "RegisteredModel",
    "Stage",
    "VersionState",
    "Webhook",
    "WebhookDelivery",
    "WebhookStatus",
]
