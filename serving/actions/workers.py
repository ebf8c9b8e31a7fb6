"""The serving processes tell here what they have of the routing. `serving.live_routing` calls these."""

from collections.abc import Mapping
from datetime import timedelta

from django.utils import timezone

from serving.models import ServingWorker

FORGOTTEN = timedelta(minutes=5)


def report(name: str, *, host: str, pid: int, epoch: int, failures: Mapping[str, str]) -> None:
    """This process answers by that epoch; `failures` by endpoint id."""
    now = timezone.now()
    ServingWorker.objects.update_or_create(
        name=name,
        defaults={"host": host, "pid": pid, "epoch": epoch, "failures": dict(failures), "seen_at": now},
    )
    ServingWorker.objects.filter(seen_at__lt=now - FORGOTTEN).delete()


def forget(name: str) -> None:
    """The process stops serving."""
    ServingWorker.objects.filter(name=name).delete()
