"""Channels: create, update, rotate, delete. For owners, because they carry the team's news out of the house."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.errors import AlreadyExists, Conflict, Invalid
from mlregistry.lib.names import clean_name
from mlregistry.notices.models import Channel, ChannelKind
from mlregistry.notices.posting import checked_url
from mlregistry.notices.signing import new_secret
from mlregistry.secrets_at_rest import seal

URL_PURPOSE = "channel address"
SECRET_PURPOSE = "channel secret"  # noqa: S105  # what the key is derived for
BOTH_VALID = timedelta(days=1)
MOST_CHANNELS = 50
MOST_EMAILS = 20
URL_KINDS = (ChannelKind.WEBHOOK, ChannelKind.SLACK)
INBOX_NAME = "Inbox"


@dataclass(frozen=True)
class Made:
    """`secret` is shown this once; empty for kinds that sign nothing."""

    channel: Channel
    secret: str = ""


def create_channel(name: str, *, kind: str, url: str = "", emails: Iterable[str] = (), by: Actor) -> Made:
    """`url` is for webhooks and Slack, `emails` for e-mail. Raises Invalid naming the field at fault."""
    by.require(Role.OWNER)
    if kind not in ChannelKind.values:
        raise Invalid(f"kind must be one of {', '.join(ChannelKind.values)}.", field="kind")
    if Channel.objects.filter(team=by.team).count() >= MOST_CHANNELS:
        raise Conflict(f"A team has at most {MOST_CHANNELS} channels; delete one first.")
    fields = {"name": _name(name), **_place(kind, url=url, emails=emails)}
    secret = new_secret() if kind == ChannelKind.WEBHOOK else ""
    if secret:
        fields["sealed_secret"] = seal(secret, purpose=SECRET_PURPOSE)
    with _unique(fields["name"]):
        channel = Channel.objects.create(team=by.team, kind=kind, created_by=by.user, **fields)
        record(by, "channel.create", channel, kind=kind, host=channel.host)
    return Made(channel, secret)


def update_channel(
    channel: Channel,
    *,
    name: str | None = None,
    url: str | None = None,
    emails: Iterable[str] | None = None,
    is_active: bool | None = None,
    by: Actor,
) -> Channel:
    """Changes what is given; an address is written anew, since it is never shown."""
    by.require(Role.OWNER)
    fields: dict[str, Any] = {} if name is None else {"name": _name(name)}
    if is_active is not None:
        fields["is_active"] = is_active
    if url is not None or emails is not None:
        fields |= _place(channel.kind, url=url or "", emails=emails or ())
    with _unique(fields.get("name", channel.name)):
        for field, value in fields.items():
            setattr(channel, field, value)
        channel.save(update_fields=[*fields, "updated_at"])
        record(by, "channel.update", channel, host=channel.host, fields=sorted(fields))
    return channel


def delete_channel(channel: Channel, *, by: Actor) -> None:
    """With its log; what still waits for it is not sent."""
    by.require(Role.OWNER)
    with transaction.atomic():
        record(by, "channel.delete", channel, kind=channel.kind, host=channel.host)
        channel.delete()


def rotate_secret(channel: Channel, *, now: datetime | None = None, by: Actor) -> Made:
    """A new secret, shown this once; for a day bodies are signed with the former one too."""
    by.require(Role.OWNER)
    if channel.kind != ChannelKind.WEBHOOK:
        raise Conflict("Only signed webhooks have a secret.", field="kind")
    secret = new_secret()
    with transaction.atomic():
        fresh = Channel.objects.select_for_update(of=("self",)).get(pk=channel.pk)
        fresh.sealed_former_secret = fresh.sealed_secret
        fresh.sealed_secret = seal(secret, purpose=SECRET_PURPOSE)
        fresh.former_until = (now or timezone.now()) + BOTH_VALID
        fresh.save(update_fields=["sealed_secret", "sealed_former_secret", "former_until", "updated_at"])
        record(by, "channel.rotate", fresh, host=fresh.host)
    return Made(fresh, secret)


def inbox_of(by: Actor) -> Channel:
    """The channel into the inboxes of the team; made when it is first needed."""
    found = Channel.objects.filter(team=by.team, kind=ChannelKind.INBOX).first()
    if found is not None:
        return found
    names = set(Channel.objects.filter(team=by.team).values_list("name", flat=True))
    name = INBOX_NAME if INBOX_NAME not in names else "Inbox of the members"
    return Channel.objects.get_or_create(team=by.team, kind=ChannelKind.INBOX, defaults={"name": name})[0]


def _name(name: str) -> str:
    return clean_name(name, field="name", max_length=100)


def _place(kind: str, *, url: str, emails: Iterable[str]) -> dict[str, Any]:
    """The columns that say where a channel of this kind goes; what does not belong to it is refused."""
    emails = list(emails)
    if url and kind not in URL_KINDS:
        raise Invalid(f"A channel of the kind {kind} has no URL.", field="url")
    if emails and kind != ChannelKind.EMAIL:
        raise Invalid(f"A channel of the kind {kind} has no e-mail addresses.", field="emails")
    if kind in URL_KINDS:
        url = checked_url(url)
        return {"sealed_url": seal(url, purpose=URL_PURPOSE), "host": (urlsplit(url).hostname or "")[:300]}
    return {"emails": _emails(emails)} if kind == ChannelKind.EMAIL else {}


def _emails(emails: list[str]) -> list[str]:
    found = list(dict.fromkeys(email.strip() for email in emails if email.strip()))
    if not 1 <= len(found) <= MOST_EMAILS:
        raise Invalid(f"Name between 1 and {MOST_EMAILS} e-mail addresses.", field="emails")
    for email in found:
        try:
            validate_email(email)
        except ValidationError as error:
            raise Invalid(f"“{email[:100]}” is no e-mail address.", field="emails") from error
    return found


@contextmanager
def _unique(name: str) -> Iterator[None]:
    """A transaction in which a name that is taken is said to be so."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        what = "an inbox" if "channel_inbox_once" in str(error) else f"a channel named “{name}”"
        raise AlreadyExists(f"This team has {what} already.", field="name") from error
