"""Repeat an ended search in outer folds of its training rows, for an honest score of it. Called by lanes and jobs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from experiments.models import OuterFold, Study
from mlregistry.accounts.actor import Actor
from mlregistry.jobs.queue import enqueue

KIND = "experiments.search_fold"
DAY = 24 * 3600


@dataclass(frozen=True)
class Found:
    """What one outer fold found; without a score `error` says why."""

    n_trials: int
    seconds: float
    params: Mapping[str, Any] | None = None
    inner_value: float | None = None
    score: float | None = None
    held_share: float | None = None
    error: str = ""


def start(study: Study, *, memory_mb: int, by: Actor) -> None:
    """One job for each outer fold; nothing for a study without any."""
    for number in range(study.outer_folds):
        job = enqueue(
            KIND,
            args={"study_id": study.pk, "number": number},
            team=study.team,
            title=f"Outer fold {number + 1} of {study.outer_folds}: {study.name}",
            memory_mb=memory_mb,
            timeout_seconds=7 * DAY,
            by=by,
        )
        OuterFold.objects.create(study=study, number=number, job=job)


def keep(study_id: int, number: int, found: Found) -> None:
    """Write what the fold found, once."""
    rows = OuterFold.objects.filter(study_id=study_id, number=number, score=None)
    rows.update(
        n_trials=found.n_trials,
        seconds=found.seconds,
        params=found.params,
        inner_value=found.inner_value,
        score=found.score,
        held_share=found.held_share,
        error=found.error[:4000],
    )
