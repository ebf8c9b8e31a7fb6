"""Finds the invitation behind a link and says whether it still counts."""

import re

from django.db.models import QuerySet
from django.utils import timezone

from mlregistry.accounts import access
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Invitation
from mlregistry.accounts.secret_text import digest
from mlregistry.errors import Conflict, NotFound

LINK = re.compile(r"(?:/t/[a-z0-9-]+)?/invitations/([^/?#]+)/")


def of_secret(secret: str, *, lock: bool = False) -> Invitation:
    """The invitation of a link, locked for a change when asked; NotFound for an unknown secret."""
    rows = Invitation.objects.select_related("team")
    if lock:
        rows = rows.select_for_update(of=("self",))
    found = rows.filter(digest=digest(secret)).first()
    if found is None:
        raise NotFound("This invitation is not known. Check that the whole link was copied.")
    return found


def invited_by_path(path: str) -> Invitation | None:
    """The open invitation whose link has this path, for somebody who signs in on the way to it."""
    found = LINK.fullmatch(path)
    if found is None:
        return None
    row = Invitation.objects.filter(digest=digest(found[1]), accepted_at=None, revoked_at=None).first()
    return row if row is not None and row.expires_at > timezone.now() else None


def check_open(invitation: Invitation) -> None:
    """Raises Conflict with the reason when the invitation does not count any more."""
    if invitation.accepted_at is not None:
        raise Conflict("This invitation was used already. Ask for a new one.")
    if invitation.revoked_at is not None:
        raise Conflict("This invitation was taken back. Ask for a new one.")
    if invitation.expires_at <= timezone.now():
        raise Conflict("This invitation has expired. Ask for a new one.")


def open_ones(by: Actor) -> QuerySet[Invitation]:
    """The team's invitations that still count, newest first."""
    rows = access.invitations(by).filter(accepted_at=None, revoked_at=None, expires_at__gt=timezone.now())
    return rows.order_by("-created_at")
