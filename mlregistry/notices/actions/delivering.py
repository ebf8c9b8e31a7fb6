"""Sends one message through one channel and writes down what came of it. Called by the worker, tests and replays.

An attempt that failed for a reason that may pass is repeated later and later, for about a day.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.mail import send_text
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, MlregistryError, TooMany, Unavailable
from mlregistry.notices.actions.channels import SECRET_PURPOSE, URL_PURPOSE
from mlregistry.notices.actions.notifying import into_inboxes, queue
from mlregistry.notices.formats import FORMATS, email_of
from mlregistry.notices.models import Channel, ChannelKind, Delivery, DeliveryState, Notice
from mlregistry.notices.posting import failure_of, post_json
from mlregistry.notices.signing import signed_headers
from mlregistry.secrets_at_rest import unseal

PAUSES = tuple(timedelta(seconds=s) for s in (5, 60, 300, 1800, 7200, 18_000, 36_000, 36_000))
LONGEST_ANSWER = 500
MOST_BY_HAND = 100  # tests and replays through a channel in an hour: nobody is flooded by a button
TEST = "channel.test"


@dataclass
class Sent:
    """What came of an attempt; `failure` is None when it was taken."""

    status: int | None = None
    answer: str = ""
    failure: MlregistryError | None = None


def attempt(delivery: Delivery, *, now: datetime, again: bool = True) -> Delivery:
    """Send it once; with `again`, what may succeed later is queued for then. Nothing but its state is changed.

    A delivery that waits no more, or whose channel was switched off, is left alone.
    """
    if delivery.state != DeliveryState.WAITING:
        return delivery
    if not delivery.channel.is_active:
        delivery.state, delivery.error = DeliveryState.SKIPPED, "The channel is switched off."
        delivery.save(update_fields=["state", "error"])
        return delivery
    began = time.perf_counter()
    sent = _sent(delivery, now)
    delivery.attempts += 1
    delivery.seconds = time.perf_counter() - began
    delivery.status_code, delivery.answer = sent.status, sent.answer
    delivery.error = sent.failure.message if sent.failure else ""
    with transaction.atomic():
        _settle(delivery, sent.failure, now, again=again)
        delivery.save()
    return delivery


def replay(delivery: Delivery, *, by: Actor) -> Delivery:
    """The same message once more, as a line of its own in the log; its receiver sees the same id."""
    by.require(Role.EDITOR)
    if delivery.state == DeliveryState.WAITING:
        raise Conflict("This delivery still waits; it is sent by itself.")
    if not delivery.channel.is_active:
        raise Conflict(f"The channel “{delivery.channel}” is switched off; switch it on first.")
    _refuse_flood(delivery.channel)
    made = Delivery.objects.create(
        channel=delivery.channel, notice=delivery.notice, message_id=delivery.message_id,
        replay_of=delivery, created_by=by.user,
    )  # fmt: skip
    record(by, "delivery.replay", delivery, channel=delivery.channel.name)
    queue(made)
    return made


def send_test(channel: Channel, *, now: datetime | None = None, by: Actor) -> Delivery | None:
    """A test message, sent at once and once; of an inbox, None and an entry for whoever asked."""
    by.require(Role.OWNER)
    _refuse_flood(channel)
    now = now or timezone.now()
    notice = Notice.objects.create(
        team=by.team, kind=TEST, key=f"{TEST}:{channel.pk}:{now.isoformat()}", at=now,
        title=f"Test of the channel “{channel.name}”",
        text="This is a test. What your team subscribes to will look like this.", link="/channels/",
    )  # fmt: skip
    record(by, "channel.test", channel, host=channel.host)
    if channel.kind == ChannelKind.INBOX:
        into_inboxes(notice, [by.user] if by.user else [])
        return None
    delivery = Delivery.objects.create(channel=channel, notice=notice, is_test=True, created_by=by.user)
    return attempt(delivery, now=now, again=False)


def _refuse_flood(channel: Channel) -> None:
    by_hand = Q(is_test=True) | Q(replay_of__isnull=False)
    since = timezone.now() - timedelta(hours=1)
    if Delivery.objects.filter(by_hand, channel=channel, created_at__gte=since).count() >= MOST_BY_HAND:
        raise TooMany(
            f"“{channel}” was sent {MOST_BY_HAND} tests and repetitions within an hour; try again later."
        )


def _settle(delivery: Delivery, failure: MlregistryError | None, now: datetime, *, again: bool) -> None:
    """The state after an attempt, and the next one where there is a next."""
    delivery.next_at = None
    if failure is None:
        delivery.state, delivery.delivered_at = DeliveryState.DELIVERED, now
    elif again and isinstance(failure, Unavailable) and delivery.attempts <= len(PAUSES):
        delivery.next_at = now + PAUSES[delivery.attempts - 1]
        queue(delivery, at=delivery.next_at)
    else:
        delivery.state = DeliveryState.FAILED


def _sent(delivery: Delivery, now: datetime) -> Sent:
    try:
        if delivery.channel.kind == ChannelKind.EMAIL:
            return _mailed(delivery)
        return _posted(delivery, now)
    except MlregistryError as error:
        return Sent(failure=error)


def _posted(delivery: Delivery, now: datetime) -> Sent:
    channel = delivery.channel
    url = unseal(channel.sealed_url, purpose=URL_PURPOSE)
    body = FORMATS[channel.kind](delivery.notice)
    headers = {}
    if channel.kind == ChannelKind.WEBHOOK:
        # Each attempt has the time of its own: receivers refuse old ones as replayed.
        headers = signed_headers(
            _secrets(channel, now),
            message_id=str(delivery.message_id),
            timestamp=int(now.timestamp()),
            body=body,
        )
    answer = post_json(url, body, headers=headers)
    text = answer.body.decode(errors="replace").replace("\x00", "�")[:LONGEST_ANSWER]
    return Sent(answer.status, text, failure_of(url, answer))


def _secrets(channel: Channel, now: datetime) -> list[str]:
    """The secret, and before the day after a rotation is over the former one too."""
    sealed = [channel.sealed_secret]
    if channel.sealed_former_secret and channel.former_until and now < channel.former_until:
        sealed.append(channel.sealed_former_secret)
    return [unseal(each, purpose=SECRET_PURPOSE) for each in sealed]


def _mailed(delivery: Delivery) -> Sent:
    subject, text = email_of(delivery.notice)
    send_text(subject, text, delivery.channel.emails, message_id=str(delivery.message_id))
    if settings.EMAIL_BACKEND.endswith("console.EmailBackend"):
        return Sent(answer="Printed to the server's log: no mail server is set.")
    return Sent(answer="The mail server took it.")
