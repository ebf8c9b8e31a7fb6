"""The registry: names, immutable numbered versions, movable aliases."""

from .alias_moves import AliasMove
from .approvals import ApprovalPolicy, PromotionRequest, PromotionReview, PromotionState, ReviewVerdict
from .cards import CardText
from .compilations import Compilation
from .intakes import Intake, IntakeState
from .load_verdicts import LoadVerdict
from .model_tests import AwaitedAlias, ModelGate, ModelTestResult, ModelTestRun, Verdict
from .models import RegisteredModel
from .optimisations import Found, Optimisation, OptimisedCandidate
from .versions import Alias, ModelFile, ModelVersion, Stage, VersionState
from .webhooks import Webhook, WebhookDelivery, WebhookStatus

__all__ = [
    "Alias",
    "AliasMove",
    "ApprovalPolicy",
    "AwaitedAlias",
    "CardText",
    "Compilation",
    "Found",
    "Intake",
    "IntakeState",
    "LoadVerdict",
    "ModelFile",
    "ModelGate",
    "ModelTestResult",
    "ModelTestRun",
    "ModelVersion",
    "Optimisation",
    "OptimisedCandidate",
    "PromotionRequest",
    "PromotionReview",
    "PromotionState",
    "RegisteredModel",
    "ReviewVerdict",
    "Stage",
    "Verdict",
    "VersionState",
    "Webhook",
    "WebhookDelivery",
    "WebhookStatus",
]
