"""Reads of profiles: the one that serves best, and its document. Called by doors, actions and other queries."""

import functools
import gzip

from django.db.models import QuerySet

from experiments.models import DatasetProfile, DatasetVersion, Depth
from mlregistry.artifacts import store
from mlregistry.errors import Conflict, Invalid, NotFound
from mlregistry.jobs.models import State
from mlregistry.ml.profiling.document import Profile

REMEMBERED = 8


def profiles_of(version: DatasetVersion) -> QuerySet[DatasetProfile]:
    """Newest first, without their documents."""
    return version.profiles.select_related("job").defer("data").order_by("-created_at", "-pk")


def chosen(version: DatasetVersion, *, depth: str = "", target: str | None = None) -> DatasetProfile | None:
    """What fits depth and target: one that is ready before others, a full one before a quick one, then the newest."""
    if depth and depth not in Depth.values:
        raise Invalid(f"The depth is one of {', '.join(Depth.values)}.", field="depth")
    rows = [
        row
        for row in profiles_of(version)
        if depth in ("", row.depth) and (target is None or row.target == target)
    ]
    return min(rows, key=lambda row: (row.state != "ready", row.depth != Depth.FULL), default=None)


def pending(version: DatasetVersion) -> DatasetProfile | None:
    """The newest one that is being made."""
    return next((row for row in profiles_of(version) if row.state == "pending"), None)


def is_running(version: DatasetVersion) -> bool:
    """Whether a worker is at it; a profile that waits in the queue is not running."""
    return any(row.job is not None and row.job.state == State.RUNNING for row in profiles_of(version))


def document(row: DatasetProfile) -> Profile:
    """The profile itself; Conflict while it is not ready."""
    if row.state != "ready":
        raise Conflict(
            "The profile is not ready yet." if row.state == "pending" else "The profile failed; ask again."
        )
    return _document(row.pk, str(row.finished_at))


@functools.lru_cache(maxsize=REMEMBERED)
def _document(pk: int, finished_at: str) -> Profile:
    """A finished profile never changes, so it is decoded once per process."""
    row = DatasetProfile.objects.select_related("file").filter(pk=pk).first()
    if row is None:
        raise NotFound("The profile is gone.")
    if row.file is None:
        return Profile.from_json(row.data or {})
    with store.open_file(row.file) as packed, gzip.open(packed) as body:
        return Profile.from_bytes(body.read())
