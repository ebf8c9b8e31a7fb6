"""One's own inbox: mark as read. Nobody does it for others, so it leaves no line in the audit trail."""

from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.notices import access
from mlregistry.notices.models import InboxEntry


def mark_read(entry: InboxEntry, *, by: Actor) -> InboxEntry:
    """Once; the first time counts."""
    if access.inbox(by).filter(pk=entry.pk, read_at=None).update(read_at=timezone.now()):
        entry.refresh_from_db()
    return entry


def mark_all_read(by: Actor) -> int:
    """How many were unread in this team."""
    return access.inbox(by).filter(read_at=None).update(read_at=timezone.now())
