"""Which runs of a leaderboard are not shown to be worse than the best, and how sure each figure is. Called by doors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from uuid import UUID

from experiments.models import Evaluation, Experiment, Run

from . import run_comparisons, runs
from .runs import Row

MOST_COMPARED = 60


@dataclass(frozen=True)
class Standing:
    """`reach` is half the 95 % interval of the board's test metric; `like_best` None when it cannot be told."""

    low: float | None = None
    high: float | None = None
    like_best: bool | None = None

    @property
    def reach(self) -> float | None:
        return None if self.low is None or self.high is None else (self.high - self.low) / 2


def leaderboard(experiment: Experiment, *, metric: str | None, limit: int) -> list[Row]:
    """That of queries.runs, with intervals and whether each run is like the best."""
    rows = runs.leaderboard(experiment, metric=metric, limit=limit)
    problem = experiment.problem
    key = metric or (runs.score_key(problem, runs.metric_keys(experiment)) if problem else "")
    found = of_rows(rows, key)
    return [replace(row, **asdict(found[row.run.pk])) if row.run.pk in found else row for row in rows]


def of_rows(rows: Iterable[Row], key: str) -> dict[UUID, Standing]:
    """By run, for a board ordered by the metric `key`; empty where no run has an evaluation."""
    listed = list(rows)
    known = Evaluation.objects.filter(run__in=[row.run.pk for row in listed]).select_related("run__problem")
    found = {one.run_id: one for one in known.defer("replicates")}
    name = key.removeprefix("test_")
    standings = {}
    for pk, evaluation in found.items():
        low, high = evaluation.intervals.get(name, (None, None)) if key.startswith("test_") else (None, None)
        standings[pk] = Standing(low, high)
    best = next((row.run for row in listed if row.is_best), None)
    if best is None or best.pk not in found or found[best.pk].metric not in (name, _of_folds(key)):
        return standings
    ranked = [row.run for row in listed if row.score is not None and row.run.pk in found and row.run != best]
    compared = ranked[:MOST_COMPARED]
    full = run_comparisons.evaluations([best, *compared])
    for run in compared:
        like = _like(run, best, full)
        one = standings[run.pk]
        standings[run.pk] = Standing(one.low, one.high, like)
    return standings


def _of_folds(key: str) -> str:
    return key.removeprefix("cv_").removesuffix("_mean")


def _like(run: Run, best: Run, full: dict[UUID, Evaluation]) -> bool | None:
    found = run_comparisons.of_evaluations(run, best, full.get(run.pk), full.get(best.pk))
    if found.verdict == run_comparisons.NOT_COMPARABLE:
        return None
    return found.verdict != run_comparisons.WORSE
