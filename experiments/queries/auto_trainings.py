"""Reads of "Just train it": how far it is, what its ensembles are made from, what is chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from experiments.models import (
    Artifact,
    AutoTraining,
    DatasetVersion,
    Problem,
    Run,
    RunStatus,
    Study,
    StudyState,
    Trial,
    TrialState,
)  # fmt: skip
from experiments.queries import budgets
from experiments.queries import trials as trial_queries
from experiments.queries.datasets import local_paths
from experiments.queries.trials import recipe_of
from mlregistry.artifacts import store
from mlregistry.lib.lazily import lazily
from mlregistry.ml.ensembling.choosing import Priced, choice
from mlregistry.ml.estimators import CATALOGUE
from mlregistry.ml.search.space import ESTIMATOR

if TYPE_CHECKING:
    from mlregistry.ml import tables
    from mlregistry.ml.ensembling import held, pooling
    from mlregistry.ml.ensembling.pooling import Candidate
else:
    tables, held = lazily("mlregistry.ml.tables"), lazily("mlregistry.ml.ensembling.held")
    pooling = lazily("mlregistry.ml.ensembling.pooling")

MOST_CANDIDATES = 60
SEARCHING, ENSEMBLES, READY, STOPPED, FAILED = "searching", "building ensembles", "ready", "stopped", "failed"


@dataclass(frozen=True)
class Standing:
    """Where it stands: the phase in one word, the time left of the whole, and why it ended when not well."""

    phase: str
    seconds_used: float
    seconds_left: float
    reason: str = ""

    @property
    def is_live(self) -> bool:
        return self.phase in (SEARCHING, ENSEMBLES)


def of_study(study: Study) -> AutoTraining | None:
    rows = AutoTraining.objects.select_related("job", "chosen", "study")
    return rows.filter(study=study).first()


def standing(auto: AutoTraining) -> Standing:
    """By its study, then by the job that builds the ensembles."""
    study = auto.study
    used = budgets.seconds_used(study)
    if study.is_open:
        return Standing(SEARCHING, used, max(0.0, auto.seconds - used))
    end = auto.ended_at or (auto.job.finished_at if auto.job else None) or timezone.now()
    if auto.job is not None and study.ended_at is not None:
        used += max(0.0, (end - study.ended_at).total_seconds())
    left = max(0.0, auto.seconds - used)
    if study.state == StudyState.CANCELLED:
        return Standing(STOPPED, used, 0.0, study.reason)
    if study.state == StudyState.FAILED:
        return Standing(FAILED, used, 0.0, study.reason)
    if auto.ended_at is not None:
        return Standing(READY, used, left)
    if auto.job is None or auto.job.is_live:
        return Standing(ENSEMBLES, used, left)
    reason = auto.job.error or "The building of the ensembles was cancelled; what is trained stays."
    return Standing(STOPPED if auto.chosen_id else FAILED, used, 0.0, reason)


def seconds_left(auto: AutoTraining) -> float:
    """What is left of the whole budget."""
    return standing(auto).seconds_left


def smallest_class(problem: Problem, version: DatasetVersion, share: float) -> int | None:
    """About how many training rows the rarest class has; None for numbers."""
    if problem.kind != "classification":
        return None
    with local_paths(version) as paths:
        column = tables.load(paths, [problem.target])[problem.target]
    return max(1, int(column.value_counts().min() * share))


def candidates(study: Study) -> list["Candidate"]:
    """The best complete trials that kept their held-out predictions, the best of each family among them."""
    sign = -1 if study.directions[0] == "maximize" else 1
    rows = Trial.objects.filter(study=study, state=TrialState.COMPLETE, run__isnull=False)
    told = sorted((row for row in rows if row.values), key=lambda row: (sign * row.values[0], row.number))  # type: ignore[index]  # only trials with values
    firsts = {(row.params or {}).get(ESTIMATOR): row for row in reversed(told)}
    wanted = list(dict.fromkeys([*told[:MOST_CANDIDATES], *firsts.values()]))
    files = {
        row.run_id: row.file
        for row in Artifact.objects.filter(
            run__in=[trial.run_id for trial in wanted], path=trial_queries.HELD_OUT
        ).select_related("file")
    }
    return [
        _candidate(study, trial, files[trial.run_id])
        for trial in wanted
        if files.get(trial.run_id) is not None
    ]


def chosen(auto: AutoTraining) -> str | None:
    """The run of the best finished offer; by the wish the fastest of those that are as good."""
    finished = {
        str(pk)
        for pk in Run.objects.filter(
            pk__in=[one["run"] for one in auto.offers], status=RunStatus.FINISHED
        ).values_list("pk", flat=True)
    }
    rows = [one for one in auto.offers if one["run"] in finished]
    priced = [Priced(tuple(one["by_part"]), one.get("ms_per_request")) for one in rows]
    place = choice(priced, direction=auto.study.directions[0], fast=auto.wish == "fast")
    return None if place is None else str(rows[place]["run"])


def offers(auto: AutoTraining) -> list[dict[str, Any]]:
    """What the page and the API show per offer: its run's status and test figure beside estimates and price."""
    wanted = {one["run"] for one in auto.offers}
    runs = {str(run.pk): run for run in Run.objects.filter(pk__in=wanted).prefetch_related("latest_metrics")}
    found = []
    for one in auto.offers:
        run = runs.get(one["run"])
        measured = {row.key: row.value for row in run.latest_metrics.all()} if run else {}
        found.append(
            {
                **one,
                "status": run.status if run else "DELETED",
                "error": run.error if run else "Its run was deleted.",
                "test": measured.get(f"test_{auto.metric}"),
                "chosen": str(auto.chosen_id) == one["run"],
            }
        )
    return found


def titles(study: Study, numbers: Sequence[int]) -> dict[int, str]:
    """What the estimators of these trials are called."""
    kind = study.problem.kind if study.problem else ""
    rows = Trial.objects.filter(study=study, number__in=numbers).values_list("number", "params")
    names = {number: str((params or {}).get(ESTIMATOR, "")) for number, params in rows}
    known = CATALOGUE.get(kind, {})
    return {number: known[name].title if name in known else name for number, name in names.items()}


def leaders(study: Study) -> list[dict[str, Any]]:
    """The best trial of each family so far, the best family first.

    Of a family without a complete trial the figure of one under way, with `n_folds` that it has told; 0 is a first look
    at a few rows.
    """
    sign = -1 if study.directions[0] == "maximize" else 1
    told = Trial.objects.filter(study=study, state__in=(TrialState.COMPLETE, TrialState.RUNNING))
    figures = [(row, *figure) for row in told if (figure := _figure(row)) is not None]
    by_family: dict[str, list[tuple[Trial, float, int | None]]] = {}
    for one in sorted(figures, key=lambda one: (one[2] is not None, sign * one[1])):
        by_family.setdefault(str((one[0].params or {}).get(ESTIMATOR)), []).append(one)
    kind = study.problem.kind if study.problem else ""
    found = [
        {
            "title": CATALOGUE[kind][name].title if name in CATALOGUE.get(kind, {}) else name,
            "best": rows[0][0],
            "value": rows[0][1],
            "n_folds": rows[0][2],
            "n_trials": sum(row.state == TrialState.COMPLETE for row, _, _ in rows),
        }
        for name, rows in by_family.items()
    ]
    return sorted(found, key=lambda one: sign * one["value"])


def _figure(trial: Trial) -> tuple[float, int | None] | None:
    """Of a complete trial its value; of one under way what it told last, after so many folds."""
    if trial.state == TrialState.COMPLETE:
        return (trial.values[0], None) if trial.values else None
    reports = trial.reports
    return (reports[max(reports)], max(reports)) if reports else None


def _candidate(study: Study, trial: Trial, file: Any) -> "Candidate":
    with store.local_path(file) as path:
        kept = held.load(path)
    recipe = {**recipe_of(study, trial.params or {}), "folds": 0, "repeats": 1}
    return pooling.Candidate(
        trial.number, recipe, kept, float((trial.values or [0.0])[0]), trial.seconds or 0.0
    )
