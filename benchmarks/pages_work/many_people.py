"""Rows of people and of what they say, are told and watch. See `many_things`."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.contrib.sessions.models import Session
from django.utils import timezone

from experiments.models import Experiment, RunRule
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import ApiToken, Invitation, Membership, Role, User, UserSession
from mlregistry.discussions.models import Comment, Watch, WriteUp, WriteUpVersion
from mlregistry.notices.models import Channel, Delivery, InboxEntry, Notice


def add_people(about: Experiment, n: int, *, by: Actor) -> None:
    """Number `n` of each, said about one experiment and told to the actor."""
    assert by.user is not None
    _account(n, by.user, by)
    _told(n, by.user, by)
    _said(about, n, by.user, by)
    RunRule.objects.create(team=by.team, name=f"rule {n}", event="failed", since=timezone.now())
    record(by, "experiment.update", about)


def _account(n: int, user: User, by: Actor) -> None:
    now, key = timezone.now(), f"{by.team.slug}-session-{n}"
    member = User.objects.create(username=f"{by.team.slug}-member-{n}", email=f"m{n}@example.org")
    Membership.objects.create(team=by.team, user=member, role=Role.VIEWER)
    Session.objects.create(session_key=key, session_data="", expire_date=now + timedelta(days=1))
    UserSession.objects.create(user=user, session_key=key, user_agent="curl/8", seen_at=now)
    ApiToken.objects.create(
        user=user,
        team=by.team,
        name=f"token {n}",
        prefix="mlr_",
        digest=_digest(by, "token", n),
        scopes=["read"],
    )
    Invitation.objects.create(
        team=by.team, email=f"guest{n}@example.org", role=Role.VIEWER, digest=_digest(by, "invitation", n),
        invited_by=user, expires_at=now + timedelta(days=1),
    )  # fmt: skip


def _digest(by: Actor, kind: str, n: int) -> bytes:
    return sha256(f"{by.team.slug} {kind} {n}".encode()).digest()


def _told(n: int, user: User, by: Actor) -> None:
    now = timezone.now()
    Channel.objects.create(team=by.team, kind="email", name=f"channel {n}", emails=["dan@example.org"])
    notice = Notice.objects.create(team=by.team, kind="alert.firing", title=f"notice {n}", key=f"{n}", at=now)
    InboxEntry.objects.create(notice=notice, team=by.team, user=user, at=now)
    Delivery.objects.create(channel=_first(Channel, by), notice=notice, state="delivered", delivered_at=now)


def _said(about: Experiment, n: int, user: User, by: Actor) -> None:
    of: dict[str, Any] = {"team": by.team, "kind": "experiment", "key": str(about.pk), "author": user}
    comment = Comment.objects.create(**of, text=f"comment {n}")
    Comment.objects.create(**of, text=f"reply {n}", parent=comment)
    watched = Experiment.objects.filter(team=by.team).order_by("-pk")[0]
    Watch.objects.get_or_create(team=by.team, kind="experiment", key=str(watched.pk), user=user)
    writeup = WriteUp.objects.create(team=by.team, title=f"write-up {n}", last_number=1, created_by=user)
    WriteUpVersion.objects.create(writeup=writeup, number=1, title=writeup.title, text="text", author=user)
    first = _first(WriteUp, by)
    if first != writeup:
        first.last_number = first.last_number + 1
        first.save(update_fields=["last_number"])
        WriteUpVersion.objects.create(
            writeup=first, number=first.last_number, title=first.title, text=f"text {n}", author=user
        )


def _first(kind: Any, by: Actor) -> Any:
    return kind.objects.filter(team=by.team).order_by("pk").first()
