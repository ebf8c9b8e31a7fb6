"""The browsers in which somebody is signed in, and what they are called. The profile page calls this."""

from dataclasses import dataclass

from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from mlregistry.accounts.models import User, UserSession

MOST_SHOWN = 50
BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox/", "Firefox"),
    ("HeadlessChrome", "Chrome (headless)"), ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl"),
    ("python-requests", "Python requests"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"), ("Windows", "Windows"),
    ("Mac OS X", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A session as its user sees it."""

    session: UserSession
    device: str
    is_current: bool


def live_sessions(user: User) -> QuerySet[UserSession]:
    """Those that Django still lets in, the last used first."""
    counting = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    return user.sessions_seen.filter(session_key__in=counting).order_by("-seen_at")


def places(user: User, current_key: str | None) -> list[Place]:
    """At most MOST_SHOWN; the browser that asks comes first."""
    found = [
        Place(session, device_words(session.user_agent), session.session_key == current_key)
        for session in live_sessions(user)[:MOST_SHOWN]
    ]
    return sorted(found, key=lambda place: not place.is_current)


def device_words(user_agent: str) -> str:
    """“Firefox on Linux”; what is not known says so."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "A browser that does not say which"
