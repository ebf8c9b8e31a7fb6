"""Tells people something through channels of their team; actions of every app call it in their transaction."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.jobs.queue import enqueue
from mlregistry.notices.models import Channel, ChannelKind, Delivery, InboxEntry, Notice, Severity

JOB = "notices.deliver"
MEMORY_MB = 512
TIMEOUT_SECONDS = 60
LONGEST_TEXT = 5000


def notify(
    kind: str,
    title: str,
    *,
    key: str,
    text: str = "",
    link: str = "",
    severity: str = Severity.INFO,
    data: dict[str, Any] | None = None,
    channels: Iterable[Channel] = (),
    users: Iterable[User] = (),
    at: datetime | None = None,
    by: Actor,
) -> Notice | None:
    """One notice, into the inboxes of `users` and out through each active channel; None when it was told before.

    `key` says within the team what is told. What leaves the server does so once the transaction is committed.
    """
    at = at or timezone.now()
    told = {
        "kind": kind,
        "severity": severity,
        "title": title[:300],
        "text": text[:LONGEST_TEXT],
        "link": link[:500],
    }
    with transaction.atomic():
        notice, made = Notice.objects.get_or_create(
            team=by.team, key=key[:200], defaults={**told, "data": data or {}, "at": at}
        )
        if not made:
            return None
        into_inboxes(notice, users)
        for channel in channels:
            if channel.is_active:
                _through(channel, notice)
    return notice


def into_inboxes(notice: Notice, users: Iterable[User]) -> None:
    """Once in each."""
    entries = [InboxEntry(notice=notice, team=notice.team, user=user, at=notice.at) for user in users]
    InboxEntry.objects.bulk_create(entries, ignore_conflicts=True)


def queue(delivery: Delivery, *, at: datetime | None = None) -> None:
    """The job that sends it, now or at that time."""
    # No team: the team's list of jobs is for its work; deliveries have a log of their own.
    enqueue(
        JOB,
        args={"delivery_id": delivery.pk},
        team=None,
        title=f"Notice through {delivery.channel.name}: {delivery.notice.kind}",
        memory_mb=MEMORY_MB,
        timeout_seconds=TIMEOUT_SECONDS,
        scheduled_at=at,
        by=None,
    )


def _through(channel: Channel, notice: Notice) -> None:
    if channel.kind == ChannelKind.INBOX:
        members = User.objects.filter(memberships__team=notice.team, is_active=True, is_service=False)
        into_inboxes(notice, members)
        return
    queue(Delivery.objects.create(channel=channel, notice=notice))
