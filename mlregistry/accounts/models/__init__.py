"""Who works here: users, teams with roles, tokens, and what they did."""

from .audit import AuditEvent
from .deletions import KeptDeletion
from .idempotency import IdempotencyKey
from .password_resets import PasswordResetRequest
from .provider_grants import ProviderGrant
from .sessions import UserSession
from .teams import Invitation, Membership, Role, Team
from .tokens import ApiToken, Scope
from .users import User

__all__ = [
    "ApiToken",
    "AuditEvent",
    "IdempotencyKey",
    "Invitation",
    "KeptDeletion",
    "Membership",
    "PasswordResetRequest",
    "ProviderGrant",
    "Role",
    "Scope",
    "Team",
    "User",
    "UserSession",
]
