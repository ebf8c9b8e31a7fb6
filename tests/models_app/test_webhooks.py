"""Webhooks: who may keep them, what is announced to whom, what a receiver is sent, and what is tried again."""

import base64
import hashlib
import hmac
import json
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from rest_framework.test import APIClient

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, Role, Team, User
from mlregistry.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from mlregistry.jobs import reaper
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from mlregistry.jobs.queries.jobs import jobs_of
from mlregistry.supervisor.leash import leashed
from models_app import access
from models_app.actions import webhooks
from models_app.actions.announcing import announce
from models_app.models import Webhook, WebhookDelivery
from models_app.queries.webhooks import deliveries_of, page
from models_app.webhook_events import EVENTS
from tests.receiver import Received, Receiver, listening

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a secret of the receiver ☂"
CREATED = {"name": "churn", "tags": {"a": "b"}, "description": None}


@pytest.fixture(autouse=True)
def local(settings: Settings) -> None:
    """The loopback is allowed, and plain HTTP."""
    settings.ALLOWED_NETWORKS = ["127.0.0.0/8"]
    settings.WEBHOOKS_OVER_HTTP = True


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as server:
        yield server


@pytest.fixture
def owner(alice: User, actor_of: Callable[[User], Actor]) -> Actor:
    return actor_of(alice)


@pytest.fixture
def webhook(receiver: Receiver, owner: Actor) -> Webhook:
    return webhooks.create_webhook(
        "ci", url=receiver.url(), events=["registered_model.created"], secret=SECRET, by=owner
    )


def signed_rightly(got: Received, secret: str = SECRET) -> bool:
    """As a receiver checks it, by the description of the protocol alone."""
    content = b".".join(
        [got.headers["x-mlflow-delivery-id"].encode(), got.headers["x-mlflow-timestamp"].encode(), got.body]
    )
    expected = base64.b64encode(hmac.digest(secret.encode(), content, hashlib.sha256))
    version, _, given = got.headers["x-mlflow-signature"].partition(",")
    return version == "v1" and hmac.compare_digest(given.encode(), expected)


def announced(by: Actor) -> Job:
    announce(by, "registered_model", "created", CREATED)
    return Job.objects.get(kind="models_app.deliver_webhook", state=State.QUEUED)


# ---------------------------------------------------------------- create, update, delete


def test_a_webhook_is_stored_without_its_secret_in_clear(webhook: Webhook, owner: Actor) -> None:
    webhook.refresh_from_db()
    assert (webhook.name, webhook.status, webhook.events) == ("ci", "ACTIVE", ["registered_model.created"])
    assert webhook.created_by == owner.user
    assert SECRET not in webhook.sealed_secret
    assert len(webhook.sealed_secret) > len(SECRET)
    line = AuditEvent.objects.get(action="webhook.create")
    assert line.details == {"host": "127.0.0.1", "events": ["registered_model.created"]}


def test_events_are_kept_once_and_all_of_them_are_accepted(receiver: Receiver, owner: Actor) -> None:
    made = webhooks.create_webhook("all", url=receiver.url(), events=[*EVENTS, *EVENTS], by=owner)
    assert made.events == list(EVENTS)
    assert len(EVENTS) == 15


@pytest.mark.parametrize("name", ["", "-ci", "ci-", "a b", "x" * 64, "ci\n", "ci/cd", "çi"])
def test_a_name_that_mlflow_refuses_is_refused(receiver: Receiver, owner: Actor, name: str) -> None:
    with pytest.raises(Invalid) as caught:
        webhooks.create_webhook(name, url=receiver.url(), events=["prompt.created"], by=owner)
    assert caught.value.field == "name"


@pytest.mark.parametrize("events", [[], ["model_version.updated"], ["model_version"], ["a.b.c"], [""]])
def test_events_that_are_none_are_refused(receiver: Receiver, owner: Actor, events: list[str]) -> None:
    with pytest.raises(Invalid) as caught:
        webhooks.create_webhook("ci", url=receiver.url(), events=events, by=owner)
    assert caught.value.field == "events"


@pytest.mark.parametrize(
    "url",
    ["http://hooks.invalid/", "https://10.0.0.1/", "https://169.254.169.254/", "ftp://127.0.0.1/", "",
     "http://127.0.0.1\x00/", "http://\ud800/", "https://" + "x" * 2000],
)  # fmt: skip
def test_an_address_that_cannot_be_sent_to_is_refused_at_once(owner: Actor, url: str) -> None:
    with pytest.raises(Invalid) as caught:
        webhooks.create_webhook("ci", url=url, events=["prompt.created"], by=owner)
    assert caught.value.field == "url"
    assert not Webhook.objects.exists()


def test_by_default_only_https_and_public_addresses_are_accepted(owner: Actor, settings: Settings) -> None:
    settings.WEBHOOKS_OVER_HTTP, settings.ALLOWED_NETWORKS = False, []
    for url, reason in (("http://93.184.215.14/", "https"), ("https://127.0.0.1/", "not a public address")):
        with pytest.raises(Invalid, match=reason):
            webhooks.create_webhook("ci", url=url, events=["prompt.created"], by=owner)
    webhooks.create_webhook("ci", url="https://93.184.215.14/", events=["prompt.created"], by=owner)


@pytest.mark.parametrize(
    ("field", "value"), [("status", "PAUSED"), ("secret", "\x00"), ("description", "\x00")]
)
def test_other_fields_are_checked_too(receiver: Receiver, owner: Actor, field: str, value: str) -> None:
    with pytest.raises(Invalid) as caught:
        webhooks.create_webhook(
            "ci", url=receiver.url(), events=["prompt.created"], by=owner, **{field: value}
        )
    assert caught.value.field == field


def test_an_update_changes_what_is_given_and_keeps_the_rest(webhook: Webhook, owner: Actor) -> None:
    before = Webhook.objects.get(pk=webhook.pk)
    webhooks.update_webhook(webhook, name="cd", events=["prompt.created"], status="DISABLED", by=owner)
    after = Webhook.objects.get(pk=webhook.pk)
    assert (after.name, after.events, after.status) == ("cd", ["prompt.created"], "DISABLED")
    assert (after.url, after.sealed_secret) == (before.url, before.sealed_secret)
    assert after.updated_at > before.updated_at
    webhooks.update_webhook(webhook, secret="", description="now unsigned", by=owner)
    after.refresh_from_db()
    assert (after.sealed_secret, after.description) == ("", "now unsigned")
    assert SECRET not in str(AuditEvent.objects.values_list("details", flat=True))


def test_an_update_is_checked_like_a_creation(webhook: Webhook, owner: Actor) -> None:
    changes: list[dict[str, Any]] = [
        {"url": "https://10.0.0.1/"},
        {"events": []},
        {"name": ""},
        {"status": ""},
    ]
    for change in changes:
        with pytest.raises(Invalid):
            webhooks.update_webhook(webhook, by=owner, **change)
    assert AuditEvent.objects.filter(action="webhook.update").count() == 0


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
def test_only_owners_keep_webhooks(webhook: Webhook, team: Team, bob: User, role: Role) -> None:
    by = Actor(user=bob, team=team, role=role)
    for refused in (
        lambda: webhooks.create_webhook("x", url=webhook.url, events=webhook.events, by=by),
        lambda: webhooks.update_webhook(webhook, name="x", by=by),
        lambda: webhooks.delete_webhook(webhook, by=by),
        lambda: webhooks.test_webhook(webhook, by=by),
        lambda: access.webhook(by, str(webhook.pk)),
    ):
        with pytest.raises(Forbidden):
            refused()


def test_another_team_does_not_find_it(
    webhook: Webhook, owner: Actor, charlie: User, actor_of: Callable[[User], Actor]
) -> None:
    assert access.webhook(owner, str(webhook.pk)) == webhook
    for by, webhook_id in ((actor_of(charlie), str(webhook.pk)), (owner, str(uuid.uuid4())), (owner, "x/..")):
        with pytest.raises(NotFound):
            access.webhook(by, webhook_id)


def test_a_list_is_read_in_pages_newest_first(receiver: Receiver, owner: Actor) -> None:
    made = [
        webhooks.create_webhook(f"w{i}", url=receiver.url(), events=["prompt.created"], by=owner)
        for i in range(5)
    ]
    Webhook.objects.update(created_at=timezone.now())  # the same instant: the id decides
    names, after = [], None
    for _ in range(3):
        rows, after = page(access.webhooks(owner), limit=2, after=after)
        names += [row.name for row in rows]
    assert after is None
    assert names == [hook.name for hook in sorted(made, key=lambda hook: hook.pk, reverse=True)]


# ---------------------------------------------------------------- announcing


def test_nobody_listens_costs_one_query(team: Team, owner: Actor, webhook: Webhook) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        announce(owner, "model_version", "created", {"name": "churn", "version": "1"})
    assert len(queries) == 1
    assert not Job.objects.exists()


def test_an_event_reaches_the_active_webhooks_of_its_team_alone(
    webhook: Webhook, receiver: Receiver, owner: Actor, charlie: User, actor_of: Callable[[User], Actor]
) -> None:
    off = webhooks.create_webhook(
        "off", url=receiver.url(), events=webhook.events, status="DISABLED", by=owner
    )
    foreign = webhooks.create_webhook(
        "theirs", url=receiver.url(), events=webhook.events, by=actor_of(charlie)
    )
    second = webhooks.create_webhook("two", url=receiver.url(), events=webhook.events, by=owner)
    announce(owner, "registered_model", "created", CREATED)
    assert set(WebhookDelivery.objects.values_list("webhook", flat=True)) == {webhook.pk, second.pk}
    assert not deliveries_of(off).exists()
    assert not deliveries_of(foreign).exists()


def test_an_event_that_is_none_is_a_mistake_of_the_caller(webhook: Webhook, owner: Actor) -> None:
    with pytest.raises(KeyError):
        announce(owner, "registered_model", "painted", {})


def test_nothing_is_sent_for_what_was_rolled_back(webhook: Webhook, owner: Actor) -> None:
    with transaction.atomic():
        announce(owner, "registered_model", "created", CREATED)
        assert WebhookDelivery.objects.exists()
        transaction.set_rollback(True)
    assert not Job.objects.exists()
    assert not WebhookDelivery.objects.exists()


def test_the_message_is_sent_on_commit(
    webhook: Webhook, owner: Actor, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        announced(owner)
    assert len(callbacks) == 1


def test_a_delivery_is_not_in_the_team_s_list_of_jobs_and_its_job_holds_no_secret(
    webhook: Webhook, owner: Actor, team: Team
) -> None:
    job = announced(owner)
    assert not jobs_of(team).exists()
    assert job.title == "Webhook ci: registered_model.created"
    assert set(job.args) == {"delivery_id"}


# ---------------------------------------------------------------- delivering


def test_a_receiver_gets_mlflow_s_body_and_a_right_signature(
    webhook: Webhook, receiver: Receiver, owner: Actor
) -> None:
    job = run_here(announced(owner))
    assert (job.state, job.result) == (State.SUCCEEDED, {"status": 200})
    [got] = receiver.received
    assert (got.method, got.path, got.headers["content-type"]) == ("POST", "/hook", "application/json")
    body = json.loads(got.body)
    assert body.pop("timestamp").endswith("+00:00")
    assert body == {
        "entity": "registered_model",
        "action": "created",
        "data": CREATED,
        "workspace": "lab",
    }
    assert signed_rightly(got)
    assert not signed_rightly(got, secret="another")
    assert abs(time.time() - int(got.headers["x-mlflow-timestamp"])) < 60
    delivery = WebhookDelivery.objects.get()
    assert got.headers["x-mlflow-delivery-id"] == str(delivery.pk)
    assert (delivery.status_code, delivery.attempts, delivery.error) == (200, 1, "")
    assert delivery.delivered_at is not None


def test_what_was_sent_is_in_the_delivery_log_and_goes_again_under_the_same_id(
    webhook: Webhook, receiver: Receiver, owner: Actor, alice: User, bob: User,
    web: Callable[[User], Client], api: Callable[..., APIClient],
) -> None:  # fmt: skip
    receiver.answer(404, b"no such hook")
    run_here(announced(owner))
    first = WebhookDelivery.objects.get()
    text = web(alice).get("/deliveries/").content.decode()
    for shown in ("ci", "registered_model.created", "failed", "404", "no such hook", "Send again"):
        assert shown in text, shown
    assert "registered_model.created" not in web(alice).get("/deliveries/?state=delivered").content.decode()
    assert "registered_model.created" not in web(bob).get("/deliveries/").content.decode()
    receiver.answer(200)
    assert web(bob).post(f"/webhook-deliveries/{first.pk}/replay").status_code == 403
    assert web(alice).post(f"/webhook-deliveries/{first.pk}/replay").status_code == 302
    second = WebhookDelivery.objects.get(replay_of=first)
    with pytest.raises(Conflict, match="still waits"):
        webhooks.replay(second, by=owner)
    run_here(Job.objects.get(args__delivery_id=str(second.pk)))
    before, after = receiver.received
    assert before.headers["x-mlflow-delivery-id"] == after.headers["x-mlflow-delivery-id"] == str(first.pk)
    assert before.body == after.body
    assert signed_rightly(after)
    log = api(alice).get("/api/v1/webhook-deliveries/").json()["results"]
    assert [(row["state"], row["status_code"], row["attempts"]) for row in log] == [
        ("delivered", 200, 1), ("failed", 404, 1),
    ]  # fmt: skip
    made = api(alice).post(f"/api/v1/webhook-deliveries/{second.pk}/replay")
    assert (made.status_code, made.json()["message_id"]) == (201, str(first.pk))
    assert api(bob).get("/api/v1/webhook-deliveries/").status_code == 403
    assert api(alice).post(f"/api/v1/webhook-deliveries/{uuid.uuid4()}/replay").status_code == 404
    assert AuditEvent.objects.filter(action="webhook.replay").count() == 2


def test_a_disabled_webhook_is_not_sent_to_again_nor_too_often(
    webhook: Webhook, receiver: Receiver, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_here(announced(owner))
    delivery = WebhookDelivery.objects.get()
    monkeypatch.setattr(webhooks, "MOST_BY_HAND", 1)
    webhooks.replay(delivery, by=owner)
    with pytest.raises(TooMany):
        webhooks.replay(delivery, by=owner)
    webhooks.update_webhook(webhook, status="DISABLED", by=owner)
    delivery = WebhookDelivery.objects.get(pk=delivery.pk)
    with pytest.raises(Conflict, match="disabled"):
        webhooks.replay(delivery, by=owner)


def test_without_a_secret_a_body_goes_unsigned(webhook: Webhook, receiver: Receiver, owner: Actor) -> None:
    webhooks.update_webhook(webhook, secret="", by=owner)
    run_here(announced(owner))
    assert "x-mlflow-signature" not in receiver.received[0].headers


@pytest.mark.parametrize(
    ("status", "reason"), [(404, "refused it with 404"), (307, "do not follow redirects")]
)
def test_a_refusal_is_written_down(
    webhook: Webhook, receiver: Receiver, owner: Actor, status: int, reason: str
) -> None:
    receiver.answer(status, Location="/elsewhere")
    job = run_here(announced(owner))
    assert job.state == State.FAILED
    delivery = WebhookDelivery.objects.get()
    assert (delivery.status_code, delivery.delivered_at) == (status, None)
    assert reason in delivery.error
    assert "/hook" not in delivery.error + job.error  # the path of an address may be a token
    assert len(receiver.received) == 1


def test_a_receiver_that_is_away_is_written_down(webhook: Webhook, owner: Actor) -> None:
    Webhook.objects.update(url="http://127.0.0.1:1/hook")
    run_here(announced(owner))
    delivery = WebhookDelivery.objects.get()
    assert delivery.status_code is None
    assert "ConnectionRefusedError" in delivery.error


def test_an_address_that_is_no_longer_allowed_is_not_sent_to(
    webhook: Webhook, receiver: Receiver, owner: Actor, settings: Settings
) -> None:
    settings.ALLOWED_NETWORKS = []
    run_here(announced(owner))
    assert "not a public address" in WebhookDelivery.objects.get().error
    assert receiver.received == []


def test_a_secret_that_cannot_be_read_sends_nothing_unsigned(
    webhook: Webhook, receiver: Receiver, owner: Actor, settings: Settings
) -> None:
    settings.SECRET_KEY = "changed"
    run_here(announced(owner))
    assert "enter it again" in WebhookDelivery.objects.get().error
    assert receiver.received == []


@pytest.mark.parametrize("change", ["delete", "disable", "deliver"])
def test_what_needs_no_delivery_any_more_is_skipped(
    webhook: Webhook, receiver: Receiver, owner: Actor, change: str
) -> None:
    job = announced(owner)
    if change == "delete":
        webhooks.delete_webhook(webhook, by=owner)
    elif change == "disable":
        webhooks.update_webhook(webhook, status="DISABLED", by=owner)
    else:
        WebhookDelivery.objects.update(delivered_at=timezone.now())
    job = run_here(job)
    assert job.state == State.SUCCEEDED
    assert list(job.result or {}) == ["skipped"]
    assert receiver.received == []


def test_deliveries_are_forgotten_after_a_month(webhook: Webhook, owner: Actor) -> None:
    run_here(announced(owner))
    WebhookDelivery.objects.update(created_at=timezone.now() - timedelta(days=31))
    run_here(announced(owner))
    assert deliveries_of(webhook).count() == 1


# ---------------------------------------------------------------- tests


@pytest.mark.parametrize("event", EVENTS)
def test_a_test_sends_an_example_of_each_event(
    webhook: Webhook, receiver: Receiver, owner: Actor, event: str
) -> None:
    tested = webhooks.test_webhook(webhook, event=event, by=owner)
    assert tested == webhooks.Tested(success=True, response_status=200, response_body="thanks")
    body = json.loads(receiver.received[0].body)
    assert f"{body['entity']}.{body['action']}" == event
    assert body["data"] == EVENTS[event]
    assert signed_rightly(receiver.received[0])


def test_a_test_tells_what_the_receiver_answered(webhook: Webhook, receiver: Receiver, owner: Actor) -> None:
    receiver.answer(500, b"out of order \xff" + b"x" * 20_000)
    tested = webhooks.test_webhook(webhook, by=owner)
    assert (tested.success, tested.response_status) == (False, 500)
    assert tested.response_body is not None
    assert tested.response_body.startswith("out of order \ufffd")
    assert len(tested.response_body) == 10_000


def test_a_test_of_a_receiver_that_is_away_says_so(webhook: Webhook, owner: Actor) -> None:
    webhook.url = "http://127.0.0.1:1/"
    tested = webhooks.test_webhook(webhook, by=owner)
    assert (tested.success, tested.response_status) == (False, None)
    assert "ConnectionRefusedError" in str(tested.error_message)


def test_a_test_of_an_event_that_is_none_is_refused(webhook: Webhook, owner: Actor) -> None:
    with pytest.raises(Invalid):
        webhooks.test_webhook(webhook, event="model_version.painted", by=owner)


# ---------------------------------------------------------------- a real worker


def test_a_worker_tries_again_while_the_receiver_is_not_well(
    server_environment: dict[str, str], webhook: Webhook, receiver: Receiver, owner: Actor
) -> None:
    receiver.answers = [(503, {}, b""), (429, {}, b""), (200, {}, b"")]
    environment = {
        **server_environment,
        "DJANGO_SETTINGS_MODULE": "tests.models_app.worker_settings",
        "MLREGISTRY_ALLOWED_NETWORKS": "127.0.0.0/8",
        "MLREGISTRY_WEBHOOKS_OVER_HTTP": "1",
    }
    command = [sys.executable, "manage.py", "worker"]
    worker = subprocess.Popen(command, cwd=ROOT, env=environment, preexec_fn=leashed(signal.SIGKILL))
    try:
        announce(owner, "registered_model", "created", CREATED)
        delivery = WebhookDelivery.objects.get()
        deadline = time.monotonic() + 200
        while delivery.delivered_at is None and time.monotonic() < deadline:
            reaper.sweep()
            time.sleep(0.2)
            delivery.refresh_from_db()
    finally:
        worker.terminate()
        worker.wait(20)
    assert (delivery.attempts, delivery.status_code, delivery.error) == (3, 200, "")
    assert len(receiver.received) == 3
    assert len({got.headers["x-mlflow-delivery-id"] for got in receiver.received}) == 1
    assert len({got.body for got in receiver.received}) == 1
    assert all(signed_rightly(got) for got in receiver.received)
