"""The registry: names, immutable numbered versions, movable aliases."""

from .cards import CardText
from .compilations import Compilation
from .intakes import Intake, IntakeState
from .models import RegisteredModel
from .versions import Alias, ModelFile, ModelVersion, Stage, VersionState
from .webhooks import Webhook, WebhookDelivery, WebhookStatus

__all__ = [
    "Alias",
    "CardText",
    "Compilation",
    "Intake",
    "IntakeState",
    "ModelFile",
    "ModelVersion",
    "RegisteredModel",
    "Stage",
    "VersionState",
    "Webhook",
    "WebhookDelivery",
    "WebhookStatus",
]
