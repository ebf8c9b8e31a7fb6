"""Where people are signed in: noted while they work, ended by them. The middleware and the profile page call this."""

from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User, UserSession

NOTED_EVERY_SECONDS = 300
LONGEST_AGENT = 300


def note(session_key: str, user_id: int, *, address: str | None, user_agent: str) -> None:
    """Who uses this session from where, written once in five minutes by each web process."""
    key = f"session-seen-{session_key}-{user_id}"
    if not cache.add(key, True, NOTED_EVERY_SECONDS):
        return
    agent = "".join(letter for letter in user_agent[:LONGEST_AGENT] if letter.isprintable())
    seen = {"user_id": user_id, "address": address, "user_agent": agent, "seen_at": timezone.now()}
    UserSession.objects.update_or_create(session_key=session_key, defaults=seen)


def end_session(session: UserSession, *, by: Actor) -> None:
    """Signs one browser of the actor's own out."""
    with transaction.atomic():
        _end(session.user, [session.session_key])
        audit.record(
            by, "user.end_session", session.user, user_agent=session.user_agent, address=session.address
        )


def end_other_sessions(user: User, *, keep: str | None, by: Actor) -> int:
    """Signs out every browser of a user but the one kept; how many there were."""
    keys = list(user.sessions_seen.exclude(session_key=keep or "").values_list("session_key", flat=True))
    with transaction.atomic():
        n_ended = _end(user, keys)
        if n_ended:
            audit.record(by, "user.end_sessions", user, n_sessions=n_ended)
    return n_ended


def forget_old() -> None:
    """A chore: rows of sessions that nobody used for as long as one may live, and Django's own expired ones."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    oldest = timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE + NOTED_EVERY_SECONDS)
    UserSession.objects.filter(seen_at__lt=oldest).delete()


def _end(user: User, keys: list[str]) -> int:
    """How many of them still counted."""
    n_ended, _ = Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(user=user, session_key__in=keys).delete()
    return n_ended
