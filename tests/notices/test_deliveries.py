"""From a notice to a receiver: what each kind is sent, what is signed, tried again, written down and sent again."""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from pytest_django import Settings

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, Team, User
from mlregistry.errors import Conflict, Forbidden, TooMany
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job
from mlregistry.notices.actions import channels, delivering, retention
from mlregistry.notices.actions.channels import Made
from mlregistry.notices.actions.delivering import PAUSES, attempt, replay, send_test
from mlregistry.notices.actions.notifying import notify
from mlregistry.notices.models import Channel, Delivery, InboxEntry, Notice
from mlregistry.notices.queries.inbox import n_unread
from mlregistry.notices.signing import new_secret, signed_headers
from mlregistry.notices.workers import deliveries as worker
from tests.mailbox import Mailbox, open_mailbox
from tests.notices.conftest import verifies
from tests.receiver import Receiver

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ActorOf = Callable[..., Actor]


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    """The server's mail server."""
    with open_mailbox() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


def told(by: Actor, *through: Channel, key: str = "k", **more: Any) -> Notice:
    notice = notify(
        "alert.firing", "churn: too many errors is firing", key=key, text="Error rate is 12 %.",
        severity="critical", link="/endpoints/churn/alerts/", data={"alerts": [{"value": 0.12}]},
        channels=through, at=NOW, by=by, **more,
    )  # fmt: skip
    assert notice is not None
    return notice


def sent(by: Actor, channel: Channel, **more: Any) -> Delivery:
    """Told, and tried once."""
    told(by, channel, **more)
    return attempt(Delivery.objects.latest("pk"), now=NOW)


# ---------------------------------------------------------------- telling


def test_a_notice_is_told_once_through_each_active_channel(
    webhook: Made, owner: Actor, bob: User, charlie: User, receiver: Receiver
) -> None:
    off = channels.create_channel("off", kind="slack", url=receiver.url(), by=owner).channel
    channels.update_channel(off, is_active=False, by=owner)
    inbox = channels.inbox_of(owner)
    notice = told(owner, webhook.channel, off, inbox, users=[bob])
    assert notify("alert.firing", "again", key="k", channels=[webhook.channel], by=owner) is None
    assert [one.channel for one in Delivery.objects.all()] == [webhook.channel]
    assert {entry.user for entry in InboxEntry.objects.filter(notice=notice)} == {owner.user, bob}
    assert n_unread(owner) == 1
    job = Job.objects.get(kind="notices.deliver")
    assert (job.team, job.args) == (None, {"delivery_id": Delivery.objects.get().pk})


def test_nothing_is_sent_for_what_was_rolled_back(webhook: Made, owner: Actor) -> None:
    with transaction.atomic():
        told(owner, webhook.channel)
        transaction.set_rollback(True)
    assert not Job.objects.exists()
    assert not Notice.objects.exists()


def test_the_same_key_in_another_team_is_another_notice(
    webhook: Made, owner: Actor, charlie: User, actor_of: ActorOf
) -> None:
    told(owner)
    told(actor_of(charlie))
    assert Notice.objects.count() == 2


# ---------------------------------------------------------------- what is sent


def test_a_webhook_gets_the_specification_s_headers_and_body(
    webhook: Made, receiver: Receiver, owner: Actor
) -> None:
    told(owner, webhook.channel)
    job = run_here(Job.objects.get())
    delivery = Delivery.objects.get()
    assert job.result == {"state": "delivered", "status": 200}
    [got] = receiver.received
    assert (got.method, got.path, got.headers["content-type"]) == ("POST", "/hook", "application/json")
    assert got.headers["webhook-id"] == str(delivery.message_id)
    assert verifies(got, webhook.secret)
    assert not verifies(got, new_secret())
    assert json.loads(got.body) == {
        "type": "alert.firing",
        "timestamp": NOW.isoformat(),
        "data": {
            "alerts": [{"value": 0.12}], "team": "lab", "severity": "critical", "text": "Error rate is 12 %.",
            "title": "churn: too many errors is firing",
            "url": "http://127.0.0.1:8000/t/lab/endpoints/churn/alerts/",
        },
    }  # fmt: skip
    assert (delivery.state, delivery.status_code, delivery.attempts) == ("delivered", 200, 1)
    assert (delivery.answer, delivery.error, delivery.next_at) == ("thanks", "", None)
    assert delivery.seconds is not None
    assert 0 < delivery.seconds < 15


def test_a_signature_is_that_of_the_specification_s_example() -> None:
    """The example that the reference libraries of Standard Webhooks test: its secret, id, time and body."""
    headers = signed_headers(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1_614_265_330, body=b'{"test": 2432232314}',
    )  # fmt: skip
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_slack_gets_text_that_can_neither_mention_nor_hide_a_link(receiver: Receiver, owner: Actor) -> None:
    slack = channels.create_channel("slack", kind="slack", url=receiver.url(), by=owner).channel
    notice = told(owner, slack)
    Notice.objects.filter(pk=notice.pk).update(title="<!channel> & <http://evil|good>")
    attempt(Delivery.objects.select_related("notice").get(), now=NOW)
    [got] = receiver.received
    body = json.loads(got.body)
    assert body["text"] == "&lt;!channel&gt; &amp; &lt;http://evil|good&gt;"
    assert body["attachments"][0]["color"] == "#c0392b"
    assert body["attachments"][0]["title_link"].endswith("/t/lab/endpoints/churn/alerts/")
    assert "webhook-signature" not in got.headers


def test_mail_goes_to_the_channel_s_addresses_with_a_link(owner: Actor, mailbox: Mailbox) -> None:
    emails = ["a@example.org", "b@example.org"]
    channel = channels.create_channel("mail", kind="email", emails=emails, by=owner).channel
    delivery = sent(owner, channel)
    [message] = mailbox.messages
    assert mailbox.recipients == emails
    assert message["Subject"] == "[The lab] churn: too many errors is firing"
    assert message["Message-ID"] == f"<{delivery.message_id}@mlregistry>"
    assert "http://127.0.0.1:8000/t/lab/endpoints/churn/alerts/" in str(message.get_payload())
    assert (delivery.state, delivery.answer) == ("delivered", "The mail server took it.")


def test_without_a_mail_server_it_is_printed_and_the_log_says_so(owner: Actor, settings: Settings) -> None:
    channel = channels.create_channel("mail", kind="email", emails=["a@example.org"], by=owner).channel
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    delivery = sent(owner, channel)
    assert (delivery.state, delivery.answer) == (
        "delivered",
        "Printed to the server's log: no mail server is set.",
    )


def test_a_mail_server_that_refuses_everybody_ends_it_and_one_that_is_away_does_not(
    owner: Actor, mailbox: Mailbox, settings: Settings
) -> None:
    channel = channels.create_channel("mail", kind="email", emails=["a@example.org"], by=owner).channel
    mailbox.refuses = True
    refused = sent(owner, channel)
    settings.EMAIL_PORT = 1
    away = sent(owner, channel, key="later")
    assert (refused.state, refused.error) == ("failed", "The mail server refused every address.")
    assert (away.state, away.next_at) == ("waiting", NOW + PAUSES[0])
    assert "ConnectionRefusedError" in away.error


# ---------------------------------------------------------------- failures


def test_a_receiver_that_is_not_well_is_tried_later_and_later(
    webhook: Made, receiver: Receiver, owner: Actor
) -> None:
    receiver.answer(503, b"busy")
    delivery = sent(owner, webhook.channel)
    now, waits = NOW, []
    while delivery.next_at is not None:
        waits.append(delivery.next_at - now)
        now = delivery.next_at
        assert Job.objects.filter(kind="notices.deliver", scheduled_at=now).count() == 1
        delivery = attempt(delivery, now=now)
    assert waits == list(PAUSES)
    assert (delivery.state, delivery.attempts, delivery.status_code) == ("failed", len(PAUSES) + 1, 503)
    assert (delivery.answer, delivery.error) == ("busy", "127.0.0.1 answered 503.")
    assert len({got.headers["webhook-id"] for got in receiver.received}) == 1
    assert [int(got.headers["webhook-timestamp"]) for got in receiver.received[:2]] == [
        int(NOW.timestamp()), int(NOW.timestamp()) + 5,
    ]  # fmt: skip
    assert all(verifies(got, webhook.secret) for got in receiver.received)


def test_a_receiver_that_recovers_gets_it(webhook: Made, receiver: Receiver, owner: Actor) -> None:
    receiver.answers = [(500, {}, b""), (429, {}, b""), (204, {}, b"")]
    delivery = sent(owner, webhook.channel)
    for _ in range(2):
        assert delivery.next_at is not None
        delivery = attempt(delivery, now=delivery.next_at)
    assert (delivery.state, delivery.attempts, delivery.status_code, delivery.error) == (
        "delivered",
        3,
        204,
        "",
    )
    assert attempt(delivery, now=NOW).attempts == 3


@pytest.mark.parametrize(
    ("status", "words"),
    [(404, "refused it with 404"), (302, "do not follow redirects"), (308, "do not follow")],
)
def test_a_refusal_and_a_redirect_end_it_at_once(
    webhook: Made, receiver: Receiver, owner: Actor, status: int, words: str
) -> None:
    """A redirect to a private address is not followed, as none is."""
    receiver.answer(status, Location="http://169.254.169.254/latest/meta-data/")
    delivery = sent(owner, webhook.channel)
    assert (delivery.state, delivery.status_code) == ("failed", status)
    assert words in delivery.error
    assert "/hook" not in delivery.error  # an address may hold a token
    assert len(receiver.received) == 1


def test_an_address_that_is_private_by_now_is_not_sent_to(
    webhook: Made, receiver: Receiver, owner: Actor, settings: Settings
) -> None:
    settings.ALLOWED_NETWORKS = []
    delivery = sent(owner, webhook.channel)
    assert "not a public address" in delivery.error
    assert delivery.state == "failed"
    assert receiver.received == []


def test_a_secret_that_cannot_be_read_sends_nothing_unsigned(
    webhook: Made, receiver: Receiver, owner: Actor, settings: Settings
) -> None:
    settings.SECRET_KEY = "changed"
    delivery = sent(owner, webhook.channel)
    assert "enter it again" in delivery.error
    assert receiver.received == []


def test_only_the_beginning_of_a_long_answer_is_kept(webhook: Made, receiver: Receiver, owner: Actor) -> None:
    receiver.answer(200, b"\x00\xff" + b"x" * 100_000)
    assert len(sent(owner, webhook.channel).answer) == 500


def test_what_needs_no_delivery_any_more_is_skipped(webhook: Made, receiver: Receiver, owner: Actor) -> None:
    told(owner, webhook.channel)
    channels.update_channel(webhook.channel, is_active=False, by=owner)
    job = run_here(Job.objects.get())
    assert job.result == {"state": "skipped", "status": None}
    Job.objects.update(state="QUEUED")
    channels.delete_channel(webhook.channel, by=owner)
    assert "skipped" in worker.deliver(None, delivery_id=1)  # type: ignore[arg-type]  # it asks the context nothing
    assert receiver.received == []


# ---------------------------------------------------------------- rotation


def test_for_a_day_after_a_rotation_both_secrets_verify(
    webhook: Made, receiver: Receiver, owner: Actor
) -> None:
    new = channels.rotate_secret(webhook.channel, now=NOW, by=owner)
    told(owner, webhook.channel)
    told(owner, webhook.channel, key="later")
    early, late = Delivery.objects.order_by("pk")
    attempt(early, now=NOW + timedelta(hours=23))
    attempt(late, now=NOW + timedelta(hours=25))
    first, second = receiver.received
    assert verifies(first, webhook.secret)
    assert verifies(first, new.secret)
    assert not verifies(second, webhook.secret)
    assert verifies(second, new.secret)


# ---------------------------------------------------------------- again, and tests


def test_a_replay_sends_the_same_message_as_a_new_line_of_the_log(
    webhook: Made, receiver: Receiver, owner: Actor, bob: User, actor_of: ActorOf
) -> None:
    receiver.answer(400)
    failed = sent(owner, webhook.channel)
    receiver.answer(200)
    made = replay(failed, by=actor_of(bob))
    with pytest.raises(Conflict, match="still waits"):
        replay(made, by=owner)
    attempt(made, now=NOW + timedelta(days=1))
    first, second = receiver.received
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert (made.replay_of, made.state, made.created_by) == (failed, "delivered", bob)
    failed.refresh_from_db()
    assert failed.state == "failed"
    assert AuditEvent.objects.filter(action="delivery.replay").count() == 1


def test_a_replay_needs_an_editor_a_channel_that_is_on_and_floods_nobody(
    webhook: Made, owner: Actor, vera: User, actor_of: ActorOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = sent(owner, webhook.channel)
    with pytest.raises(Forbidden):
        replay(delivery, by=actor_of(vera))
    monkeypatch.setattr(delivering, "MOST_BY_HAND", 2)
    replay(delivery, by=owner)
    send_test(webhook.channel, by=owner)
    with pytest.raises(TooMany):
        replay(delivery, by=owner)
    with pytest.raises(TooMany):
        send_test(webhook.channel, by=owner)
    channels.update_channel(delivery.channel, is_active=False, by=owner)
    with pytest.raises(Conflict, match="switched off"):
        replay(delivery, by=owner)


def test_a_test_is_sent_at_once_and_once(webhook: Made, receiver: Receiver, owner: Actor) -> None:
    receiver.answer(500, b"oh")
    delivery = send_test(webhook.channel, by=owner)
    assert delivery is not None
    assert (delivery.state, delivery.is_test, delivery.error) == ("failed", True, "127.0.0.1 answered 500.")
    assert json.loads(receiver.received[0].body)["type"] == "channel.test"
    assert not Job.objects.exists()
    assert send_test(channels.inbox_of(owner), by=owner) is None
    assert n_unread(owner) == 1


def test_notices_are_forgotten_after_a_quarter_of_a_year(webhook: Made, owner: Actor, team: Team) -> None:
    told(owner, webhook.channel)
    Notice.objects.create(team=team, kind="x.y", title="t", key=str(uuid.uuid4()), at=NOW + timedelta(days=2))
    assert retention.tend(NOW + timedelta(days=91)) == 1
    assert Notice.objects.count() == 1
    assert not Delivery.objects.exists()
