"""What lies unread in an inbox. For the header of every page and the API."""

from mlregistry.accounts.actor import Actor
from mlregistry.notices import access

MOST_COUNTED = 100


def n_unread(by: Actor) -> int:
    """Up to 100: more is shown as 99+."""
    if by.user is None:
        return 0
    return access.inbox(by).filter(read_at=None).order_by()[:MOST_COUNTED].count()
