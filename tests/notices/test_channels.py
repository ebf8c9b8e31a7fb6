"""Channels: who may keep them, what each kind needs, and secrets that are shown once and never stored in clear."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, Role, Team, User
from mlregistry.errors import AlreadyExists, Conflict, Forbidden, Invalid, MlregistryError, NotFound
from mlregistry.notices import access
from mlregistry.notices.actions import channels
from mlregistry.notices.actions.channels import Made
from mlregistry.notices.models import Channel
from tests.receiver import Receiver

ActorOf = Callable[..., Actor]


def test_a_webhook_is_stored_without_its_address_and_secret_in_clear(
    webhook: Made, receiver: Receiver, owner: Actor
) -> None:
    stored = Channel.objects.get()
    assert webhook.secret.startswith("whsec_")
    assert (stored.name, stored.kind, stored.host, stored.is_active) == (
        "on-call",
        "webhook",
        "127.0.0.1",
        True,
    )
    everything = str(Channel.objects.values().get()) + str(
        list(AuditEvent.objects.values("details", "target_name"))
    )
    assert webhook.secret.removeprefix("whsec_") not in everything
    assert receiver.url() not in everything
    assert AuditEvent.objects.get(action="channel.create").details == {"kind": "webhook", "host": "127.0.0.1"}


def test_each_kind_has_what_it_needs(receiver: Receiver, owner: Actor) -> None:
    slack = channels.create_channel("slack", kind="slack", url=receiver.url(), by=owner)
    emails = [" a@example.org", "b@example.org", "a@example.org"]
    mail = channels.create_channel("mail", kind="email", emails=emails, by=owner)
    inbox = channels.create_channel("inbox", kind="inbox", by=owner)
    assert (slack.secret, mail.secret, inbox.secret) == ("", "", "")
    assert mail.channel.emails == ["a@example.org", "b@example.org"]
    assert mail.channel.place == "a@example.org, b@example.org"
    assert inbox.channel.place == "every member of the team"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " ", "kind": "inbox"}, "name"),
        ({"name": "x\ny", "kind": "inbox"}, "name"),
        ({"name": "x" * 101, "kind": "inbox"}, "name"),
        ({"name": "x", "kind": "pigeon"}, "kind"),
        ({"name": "x", "kind": "webhook"}, "url"),
        ({"name": "x", "kind": "slack", "url": "https://10.0.0.1/"}, "url"),
        ({"name": "x", "kind": "webhook", "url": "https://169.254.169.254/"}, "url"),
        ({"name": "x", "kind": "webhook", "url": "ftp://127.0.0.1/"}, "url"),
        ({"name": "x", "kind": "webhook", "url": "http://127.0.0.1/\x00"}, "url"),
        ({"name": "x", "kind": "email"}, "emails"),
        ({"name": "x", "kind": "email", "emails": ["nobody"]}, "emails"),
        ({"name": "x", "kind": "email", "emails": ["a@example.org\nBcc: b@example.org"]}, "emails"),
        ({"name": "x", "kind": "email", "emails": [f"a{n}@example.org" for n in range(21)]}, "emails"),
        ({"name": "x", "kind": "email", "emails": ["a@example.org"], "url": "https://example.org"}, "url"),
        ({"name": "x", "kind": "inbox", "emails": ["a@example.org"]}, "emails"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_field(owner: Actor, given: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        channels.create_channel(**given, by=owner)
    assert caught.value.field == field
    assert not Channel.objects.exists()


def test_by_default_only_https_and_public_addresses_are_accepted(owner: Actor, settings: Settings) -> None:
    settings.WEBHOOKS_OVER_HTTP, settings.ALLOWED_NETWORKS = False, []
    for url, reason in (("http://93.184.215.14/", "https"), ("https://127.0.0.1/", "not a public address")):
        with pytest.raises(Invalid, match=reason):
            channels.create_channel("x", kind="slack", url=url, by=owner)


def test_names_are_taken_once_and_there_is_one_inbox(webhook: Made, owner: Actor) -> None:
    with pytest.raises(AlreadyExists, match="“on-call”"):
        channels.create_channel("on-call", kind="inbox", by=owner)
    inbox = channels.inbox_of(owner)
    assert channels.inbox_of(owner) == inbox
    with pytest.raises(AlreadyExists, match="an inbox"):
        channels.create_channel("another", kind="inbox", by=owner)
    with pytest.raises(AlreadyExists):
        channels.update_channel(inbox, name="on-call", by=owner)


def test_a_team_has_at_most_fifty(team: Team, owner: Actor) -> None:
    Channel.objects.bulk_create([Channel(team=team, kind="email", name=f"c{n}") for n in range(50)])
    with pytest.raises(Conflict, match="at most 50"):
        channels.create_channel("one more", kind="inbox", by=owner)


def test_an_update_changes_what_is_given(webhook: Made, receiver: Receiver, owner: Actor) -> None:
    before = Channel.objects.get()
    channels.update_channel(webhook.channel, name="pager", is_active=False, by=owner)
    after = Channel.objects.get()
    assert (after.name, after.is_active) == ("pager", False)
    assert (after.sealed_url, after.sealed_secret) == (before.sealed_url, before.sealed_secret)
    channels.update_channel(after, url=receiver.url("/other"), by=owner)
    assert Channel.objects.get().sealed_url != before.sealed_url
    changes: list[dict[str, Any]] = [
        {"name": ""},
        {"url": "https://10.0.0.1/"},
        {"emails": ["a@example.org"]},
    ]
    for change in changes:
        with pytest.raises(Invalid):
            channels.update_channel(after, by=owner, **change)


def test_only_webhooks_have_a_secret_to_rotate(webhook: Made, owner: Actor) -> None:
    now = timezone.now()
    made = channels.rotate_secret(webhook.channel, now=now, by=owner)
    assert made.secret != webhook.secret
    assert made.channel.former_until == now + timedelta(days=1)
    with pytest.raises(Conflict):
        channels.rotate_secret(channels.inbox_of(owner), by=owner)


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
def test_only_owners_change_channels(webhook: Made, team: Team, bob: User, role: Role) -> None:
    by = Actor(user=bob, team=team, role=role)
    attempts: list[Callable[[], object]] = [
        lambda: channels.create_channel("x", kind="inbox", by=by),
        lambda: channels.update_channel(webhook.channel, name="x", by=by),
        lambda: channels.rotate_secret(webhook.channel, by=by),
        lambda: channels.delete_channel(webhook.channel, by=by),
    ]
    for refused in attempts:
        with pytest.raises(Forbidden):
            refused()


def test_another_team_does_not_find_it(webhook: Made, owner: Actor, charlie: User, actor_of: ActorOf) -> None:
    assert access.channel(owner, webhook.channel.pk) == webhook.channel
    tries: list[tuple[Actor, int]] = [
        (actor_of(charlie), webhook.channel.pk),
        (owner, 10**30),
        (owner, 987_654),
    ]
    for by, key in tries:
        with pytest.raises(NotFound) as caught:
            access.channel(by, key)
        assert isinstance(caught.value, MlregistryError)
