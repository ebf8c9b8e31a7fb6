"""Forgets notices with their entries and deliveries after a quarter of a year. A chore of the scheduler."""

from datetime import datetime, timedelta

from django.utils import timezone

from mlregistry.notices.models import Notice

KEPT = timedelta(days=90)
AT_ONCE = 2000


def tend(now: datetime | None = None) -> int:
    """How many notices were forgotten; at most 2,000 at a time, the rest the next."""
    old = Notice.objects.filter(at__lt=(now or timezone.now()) - KEPT).order_by("at")
    keys = list(old.values_list("pk", flat=True)[:AT_ONCE])
    Notice.objects.filter(pk__in=keys).delete()
    return len(keys)
