"""Baselines of versions: asked for when a version goes behind an endpoint or an alias points at it, kept once made.

The chore `tend` in `drift_checks` asks, the job serving.make_baseline keeps.
"""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict
from mlregistry.jobs.queue import enqueue
from mlregistry.ml.drift import coding
from mlregistry.ml.drift.baselines import Baseline
from mlregistry.ml.drift.counters import Counters
from models_app.models import ModelVersion, VersionState
from serving.models import BaselineState, DriftBaseline, UncountedPredictions

KIND = "serving.make_baseline"
MOST_AT_ONCE = 20
MEMORY_MB = 3072


def ask_missing() -> int:
    """A job for each served or promoted version that has no baseline yet; returns how many."""
    wanted = Q(variants__isnull=False) | Q(aliases__isnull=False) | Q(shadows__isnull=False)
    rows = ModelVersion.objects.filter(wanted, state=VersionState.READY, drift_baseline=None)
    found = list(rows.select_related("model__team").distinct().order_by("pk")[:MOST_AT_ONCE])
    return sum(_ask(version) for version in found)


def ask_again(version: ModelVersion, *, by: Actor) -> DriftBaseline:
    """Tries once more what has failed; Conflict for one that is made or under way."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        row = DriftBaseline.objects.select_for_update().filter(version=version).first()
        if row is not None and row.state != BaselineState.FAILED:
            raise Conflict(f"The baseline of {version} is {row.get_state_display()}.", field="version")
        DriftBaseline.objects.filter(version=version).delete()
        _ask(version)
    return DriftBaseline.objects.get(version=version)


def keep_baseline(
    row: DriftBaseline,
    baseline: Baseline,
    counters: Counters,
    *,
    calibration: Any = None,
    notes: Iterable[str],
) -> DriftBaseline:
    """The version's from now on; of two jobs that made one, the first is kept."""
    with transaction.atomic():
        row = DriftBaseline.objects.select_for_update().get(pk=row.pk)
        if row.state == BaselineState.READY:
            return row
        row.state, row.error, row.made_at = BaselineState.READY, "", timezone.now()
        row.document, row.counters = baseline.to_json(), coding.to_bytes(counters, baseline)
        row.n_rows, row.notes, row.calibration = counters.n_rows, list(notes), calibration
        row.save()
    return row


def give_up(row: DriftBaseline, error: str) -> None:
    """There is none to be had: its predictions are not counted."""
    DriftBaseline.objects.filter(pk=row.pk).exclude(state=BaselineState.READY).update(
        state=BaselineState.FAILED, error=error[:2000]
    )


def settle() -> None:
    """Ends the rows whose job ended without a word, and lets go of what waits for a baseline that will not come."""
    for row in DriftBaseline.objects.filter(state=BaselineState.WAITING).select_related("job"):
        if row.job is None or not row.job.is_live:
            give_up(row, (row.job.error if row.job else "") or "Its job ended without a word.")
    failed = DriftBaseline.objects.filter(state=BaselineState.FAILED).values("version_id")
    UncountedPredictions.objects.filter(version_id__in=failed).delete()


def _ask(version: ModelVersion) -> bool:
    with transaction.atomic():
        row, is_new = DriftBaseline.objects.get_or_create(version=version)
        if not is_new:
            return False
        row.job = enqueue(
            KIND, args={"baseline_id": row.pk}, team=version.model.team, memory_mb=MEMORY_MB,
            title=f"Drift baseline of {version}"[:300], by=None,
        )  # fmt: skip
        row.save(update_fields=["job"])
    return True
