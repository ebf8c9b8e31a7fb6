"""The delivery log for pages."""

from django.db.models import Count, Q, QuerySet

from mlregistry.accounts.actor import Actor
from mlregistry.notices import access
from mlregistry.notices.models import Channel, Delivery, DeliveryState

NEWEST = 100


def newest(by: Actor, *, of: Channel | None = None, state: str = "") -> list[Delivery]:
    """The newest hundred, of one channel or all, in one state or any."""
    rows = access.deliveries(by)
    if of is not None:
        rows = rows.filter(channel=of)
    if state in DeliveryState.values:
        rows = rows.filter(state=state)
    return list(rows.order_by("-created_at", "-pk")[:NEWEST])


def with_counts(channels: QuerySet[Channel]) -> list[Channel]:
    """Channels with how many messages wait or failed, `n_waiting` and `n_failed`."""
    counted = {
        state: Count("deliveries", filter=Q(deliveries__state=state)) for state in ("waiting", "failed")
    }
    return list(channels.annotate(n_waiting=counted["waiting"], n_failed=counted["failed"]))
