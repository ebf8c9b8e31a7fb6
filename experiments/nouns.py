"""The nouns of this app that may be talked about, watched and linked. Named in settings.NOUNS."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count, QuerySet
from django.urls import reverse

from experiments import access
from experiments.models import LatestMetric, Lifecycle, Problem, Run
from experiments.templatetags.metric_words import metric, ours
from mlregistry.accounts.actor import Actor
from mlregistry.discussions.nouns import Found, Noun, Standing, by_number
from mlregistry.ui.templatetags.pages import figure

PARTS = ("test_{}", "validation_{}", "cv_{}_mean", "{}")


def _runs(by: Actor) -> QuerySet[Run]:
    return access.runs(by).select_related("experiment", "problem", "created_by")


def _runs_by_ids(rows: QuerySet[Any], handles: Sequence[str]) -> Found:
    """Handles are the hex or the dashed form of an id; answered as they were asked."""
    ids = {handle: key for handle in handles if (key := _uuid(handle))}
    found = {row.pk: row for row in rows.filter(pk__in=set(ids.values()))}
    return {handle: found[key] for handle, key in ids.items() if key in found}


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if len(text) in (32, 36) else None
    except ValueError:
        return None


def run_standings(runs: Sequence[Run]) -> Mapping[Any, Standing]:
    """The state, and the primary metric of the problem or else the first metric by name: two queries."""
    figures = {**_first_metrics([run for run in runs if run.problem is None]), **_primary_metrics(runs)}
    return {run.pk: Standing(_state(run), figures.get(run.pk, "")) for run in runs}


def _state(run: Run) -> str:
    return "deleted" if run.lifecycle == Lifecycle.DELETED else str(run.status)


def _primary_metrics(runs: Sequence[Run]) -> dict[Any, str]:
    keys = {
        run.pk: [part.format(run.problem.primary_metric) for part in PARTS] for run in runs if run.problem
    }
    wanted = {key for names in keys.values() for key in names}
    rows = LatestMetric.objects.filter(run__in=list(keys), key__in=wanted) if keys else []
    values = {(row.run_id, row.key): row.number for row in rows}
    found = {}
    for run, names in keys.items():
        name = next((key for key in names if (run, key) in values), None)
        if name is not None:
            found[run] = f"{metric(name)} {figure(values[run, name])}"
    return found


def _first_metrics(runs: Sequence[Run]) -> dict[Any, str]:
    rows = LatestMetric.objects.filter(run__in=[run.pk for run in runs]).exclude(key__startswith="system/")
    first = rows.order_by("run_id", "key").distinct("run_id") if runs else []
    return {row.run_id: f"{ours(row.key)} {figure(row.number)}" for row in first}


def _problem_standings(problems: Sequence[Problem]) -> Mapping[Any, Standing]:
    return {
        row.pk: Standing(figure=f"{row.kind}, {metric(row.primary_metric)}{_goal(row)}") for row in problems
    }


def _goal(problem: Problem) -> str:
    if problem.success_threshold is None:
        return ""
    return f" {'≥' if problem.direction == 'maximize' else '≤'} {figure(problem.success_threshold)}"


def _experiment_standings(rows: Sequence[Any]) -> Mapping[Any, Standing]:
    active = Run.objects.filter(experiment__in=rows, lifecycle=Lifecycle.ACTIVE).values("experiment")
    counts = dict(active.annotate(n=Count("pk")).values_list("experiment", "n"))
    return {
        row.pk: Standing(
            "deleted" if row.lifecycle == Lifecycle.DELETED else "", _counted(counts.get(row.pk, 0), "run")
        )
        for row in rows
    }


def _dataset_standings(rows: Sequence[Any]) -> Mapping[Any, Standing]:
    return {
        row.pk: Standing(figure=f"version {row.last_number}" if row.last_number else "empty") for row in rows
    }


def _counted(n: int, word: str) -> str:
    return f"{figure(n)} {word}{'' if n == 1 else 's'}"


def _number(row: Any) -> str:
    return str(row.pk)


PROBLEM = Noun(
    kind="problem", model="experiments.problem", by_handles=by_number, handle=_number,
    rows=lambda by: access.problems(by).select_related("created_by"),
    address=lambda row: reverse("experiments:problem", args=[row.pk]),
    routes={"experiments:problem": lambda found: str(found["problem_id"])},
    standings=_problem_standings,
)  # fmt: skip
DATASET = Noun(
    kind="dataset", model="experiments.dataset", by_handles=by_number, handle=_number,
    rows=lambda by: access.datasets(by).select_related("created_by"),
    address=lambda row: reverse("experiments:dataset", args=[row.pk]),
    routes={
        "experiments:dataset": lambda found: str(found["dataset_id"]),
        "experiments:dataset-version": lambda found: str(found["dataset_id"]),
        "experiments:profile": lambda found: str(found["dataset_id"]),
    },
    standings=_dataset_standings,
)  # fmt: skip
EXPERIMENT = Noun(
    kind="experiment", model="experiments.experiment", by_handles=by_number, handle=_number,
    rows=lambda by: access.experiments(by).select_related("created_by"),
    address=lambda row: reverse("experiments:experiment", args=[row.pk]),
    routes={"experiments:experiment": lambda found: str(found["experiment_id"])},
    standings=_experiment_standings,
)  # fmt: skip
RUN = Noun(
    kind="run", model="experiments.run", by_handles=_runs_by_ids, handle=lambda row: str(row.pk.hex),
    rows=_runs, name=lambda row: str(row.name or row.pk.hex[:8]),
    address=lambda row: reverse("experiments:run", args=[row.pk]),
    routes={"experiments:run": lambda found: str(found["run_id"])},
    standings=run_standings,
)  # fmt: skip
