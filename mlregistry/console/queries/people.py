"""Users and tokens as an operator looks at them: who came last, who is locked out, which tokens end soon."""

from dataclasses import dataclass
from datetime import timedelta

from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone

from mlregistry.accounts.models import ApiToken, User

MOST_SHOWN = 8
SOON = timedelta(days=14)


@dataclass(frozen=True)
class People:
    """`locked` are names that failed too often within the time that a lock lasts."""

    n_users: int
    n_administrators: int
    n_closed: int
    last_seen: list[User]
    locked: list[AccessAttempt]
    n_tokens: int
    ending: list[ApiToken]
    last_used: list[ApiToken]


def look() -> People:
    now = timezone.now()
    counts = User.objects.aggregate(
        users=Count("pk", filter=Q(is_active=True)),
        administrators=Count("pk", filter=Q(is_active=True, is_superuser=True)),
        closed=Count("pk", filter=Q(is_active=False)),
    )
    lasting = Q(expires_at=None) | Q(expires_at__gt=now)
    tokens = ApiToken.objects.filter(lasting, revoked_at=None).select_related("user", "team")
    recent = AccessAttempt.objects.filter(
        attempt_time__gte=now - timedelta(hours=settings.AXES_COOLOFF_TIME),
        failures_since_start__gte=settings.AXES_FAILURE_LIMIT,
    )
    seen = User.objects.exclude(last_login=None).order_by("-last_login")
    return People(
        n_users=counts["users"],
        n_administrators=counts["administrators"],
        n_closed=counts["closed"],
        last_seen=list(seen[:MOST_SHOWN]),
        locked=list(recent.order_by("-attempt_time")[:MOST_SHOWN]),
        n_tokens=tokens.count(),
        ending=list(tokens.filter(expires_at__lte=now + SOON).order_by("expires_at")[:MOST_SHOWN]),
        last_used=list(tokens.exclude(last_used_at=None).order_by("-last_used_at")[:MOST_SHOWN]),
    )
