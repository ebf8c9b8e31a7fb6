"""Reads of runs: lists with their measurements in a fixed number of queries, leaderboards, histories.

Called by doors. A leaderboard is ordered by the index on (experiment, key, value).
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from experiments.models import (
    Artifact,
    Curve,
    Experiment,
    LatestMetric,
    Lifecycle,
    Problem,
    Run,
    RunStatus,
)
from experiments.queries.charts import history as history
from mlregistry.errors import Invalid
from mlregistry.lib.floats import shown

NEWEST_RUNS = 1_000
BROKEN_OFF = (
    RunStatus.FAILED,
    RunStatus.KILLED,
)  # what such a run logged so far may be high, but it is no result


@dataclass(frozen=True)
class Row:
    """A run with what it logged; `score` is the metric that the board is ordered by."""

    run: Run
    params: dict[str, str]
    metrics: dict[str, float | None]
    tags: dict[str, str]
    score: float | None = None
    is_best: bool = False
    beats_baseline: bool | None = None
    meets_threshold: bool | None = None
    low: float | None = None
    high: float | None = None
    like_best: bool | None = None


def with_measurements(runs: QuerySet[Run]) -> QuerySet[Run]:
    """The runs with params, latest metrics and tags fetched: four queries, whatever their number."""
    related = ("problem", "dataset_version__dataset", "created_by", "job", "experiment")
    return runs.select_related(*related).prefetch_related("params", "latest_metrics", "tags")


def row(run: Run, **marks: Any) -> Row:
    """One run of `with_measurements` as plain dicts."""
    return Row(
        run=run,
        params={param.key: param.value for param in run.params.all()},
        metrics={metric.key: shown(metric.value, metric.is_nan) for metric in run.latest_metrics.all()},
        tags={tag.key: tag.value for tag in run.tags.all()},
        **marks,
    )


def page(runs: Iterable[Run]) -> list[Row]:
    """Rows of runs that came through `with_measurements`."""
    return [row(run) for run in runs]


def score_key(problem: Problem, n_runs: Mapping[str, int]) -> str:
    """The logged name of the problem's primary metric that most runs have, validation before test."""
    name = problem.primary_metric
    choices = (f"validation_{name}", f"test_{name}", f"cv_{name}_mean", name)
    best = max(choices, key=lambda key: n_runs.get(key, 0))
    return best if n_runs.get(best) else f"test_{name}"


def leaderboard(experiment: Experiment, *, metric: str | None = None, limit: int = 200) -> list[Row]:
    """The active runs, best first by `metric` (the problem's by default), those without it last."""
    if not 1 <= limit <= 1000:
        raise Invalid("The limit lies between 1 and 1,000.", field="limit")
    problem = experiment.problem
    key = metric or (score_key(problem, metric_keys(experiment)) if problem else None)
    maximize = problem is None or problem.direction == "maximize"
    scores = _best(experiment, key, maximize, limit) if key else {}
    active = Run.objects.filter(experiment=experiment, lifecycle=Lifecycle.ACTIVE)
    rest = active.exclude(pk__in=list(scores)).order_by("-started_at", "id").values_list("pk", flat=True)
    ids = [*scores, *rest[: limit - len(scores)]]
    found = {run.pk: run for run in with_measurements(Run.objects.filter(pk__in=ids))}
    return marked([(found[pk], scores.get(pk)) for pk in ids if pk in found], problem, maximize)


def metric_keys(experiment: Experiment) -> dict[str, int]:
    """Every metric that the newest active runs of the experiment logged, with how many of these have it.

    Of all runs they would be millions of rows; what most of the newest thousand have, a board is asked for.
    """
    active = Run.objects.filter(experiment=experiment, lifecycle=Lifecycle.ACTIVE)
    newest = active.order_by("-started_at", "id").values("pk")[:NEWEST_RUNS]
    rows = LatestMetric.objects.filter(run__in=newest)
    return dict(rows.values("key").annotate(n=Count("run")).order_by("key").values_list("key", "n"))


def curves(run: Run) -> dict[str, Any]:
    """The run's curves and matrices by name."""
    return dict(Curve.objects.filter(run=run).order_by("name").values_list("name", "data"))


def named_curves(runs: Iterable[Run], names: Iterable[str]) -> dict[uuid.UUID, dict[str, Any]]:
    """Some curves of several runs, by run and name."""
    found: dict[uuid.UUID, dict[str, Any]] = {}
    for run_id, name, data in Curve.objects.filter(run__in=runs, name__in=names).values_list(
        "run_id", "name", "data"
    ):
        found.setdefault(run_id, {})[name] = data
    return found


def artifacts(run: Run, *, prefix: str = "") -> QuerySet[Artifact]:
    """The run's files under a folder (a prefix that ends in a slash, or '' for all), by path."""
    rows = Artifact.objects.filter(run=run).select_related("file").order_by("path")
    return rows.filter(path__startswith=prefix) if prefix else rows


def marked(
    scored: list[tuple[Run, float | None]],
    problem: Problem | None,
    maximize: bool,
    *,
    make: Callable[..., Row] = row,
) -> list[Row]:
    """Rows of runs with their scores, compared with the best, the baseline and the problem's threshold.

    `make` takes a run and the marks of its row.
    """
    sign = 1.0 if maximize else -1.0
    values = [score for run, score in scored if score is not None and run.status not in BROKEN_OFF]
    best = max(values, key=lambda value: sign * value, default=None)
    baseline = next((score for run, score in scored if run.is_baseline and score is not None), None)
    threshold = problem.success_threshold if problem else None
    return [
        make(
            run,
            score=score,
            is_best=score is not None and score == best and run.status not in BROKEN_OFF,
            beats_baseline=_beats(score, baseline, sign, strictly=True) if not run.is_baseline else None,
            meets_threshold=_beats(score, threshold, sign, strictly=False),
        )
        for run, score in scored
    ]


def _best(experiment: Experiment, key: str, maximize: bool, limit: int) -> dict[uuid.UUID, float]:
    rows = LatestMetric.objects.filter(
        experiment=experiment, key=key, is_nan=False, run__lifecycle=Lifecycle.ACTIVE
    )
    ordered = rows.order_by("-value" if maximize else "value", "run_id")
    return dict(ordered.values_list("run_id", "value")[:limit])


def _beats(score: float | None, other: float | None, sign: float, *, strictly: bool) -> bool | None:
    if score is None or other is None:
        return None
    return sign * score > sign * other if strictly else sign * score >= sign * other
