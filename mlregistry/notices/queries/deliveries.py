"""The delivery log for pages: of channels, and of what settings.DELIVERY_LOGS adds from the apps above."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.module_loading import import_string

from mlregistry.accounts.actor import Actor
from mlregistry.notices import access
from mlregistry.notices.models import Channel, Delivery, DeliveryState

NEWEST = 100


@dataclass(frozen=True)
class Line:
    """One message: `way` is the channel or webhook, `replay` the address that sends it again."""

    at: datetime
    way: str
    way_address: str
    title: str
    mark: str
    state: str
    status_code: int | None
    attempts: int
    seconds: float | None
    error: str
    answer: str
    next_at: datetime | None
    replay: str


Log = Callable[[Actor, str], list[Line]]


def newest(by: Actor, *, of: Channel | None = None, state: str = "") -> list[Line]:
    """The newest hundred, of one channel or of all ways out of the server, in one state or any."""
    state = state if state in DeliveryState.values else ""
    if of is not None:
        return _lines(access.deliveries(by).filter(channel=of), state)
    logs: list[Log] = [import_string(path) for path in settings.DELIVERY_LOGS]
    lines = [line for log in logs for line in log(by, state)]
    return sorted(lines, key=lambda line: line.at, reverse=True)[:NEWEST]


def of_channels(by: Actor, state: str) -> list[Line]:
    """An entry of settings.DELIVERY_LOGS."""
    return _lines(access.deliveries(by), state)


def _lines(rows: QuerySet[Delivery], state: str) -> list[Line]:
    chosen = rows.filter(state=state) if state else rows
    return [
        Line(
            row.created_at, row.channel.name, reverse("notices:channel", args=[row.channel_id]), row.notice.title,
            "test" if row.is_test else "sent again" if row.replay_of_id else "", row.state, row.status_code,
            row.attempts, row.seconds, row.error, row.answer, row.next_at,
            reverse("notices:delivery-replay", args=[row.pk]),
        )
        for row in chosen.order_by("-created_at", "-pk")[:NEWEST]
    ]  # fmt: skip


def with_counts(channels: QuerySet[Channel]) -> list[Channel]:
    """Channels with how many messages wait or failed, `n_waiting` and `n_failed`."""
    counted = {
        state: Count("deliveries", filter=Q(deliveries__state=state)) for state in ("waiting", "failed")
    }
    return list(channels.annotate(n_waiting=counted["waiting"], n_failed=counted["failed"]))
