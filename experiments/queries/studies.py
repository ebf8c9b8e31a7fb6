"""Reads of studies for doors: how far one is, its trials, its front, what its page draws."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q, QuerySet

from experiments.models import Experiment, Run, Study, StudyLane, Trial, TrialState
from mlregistry.jobs.models import LIVE, Job
from mlregistry.jobs.models import State as JobState
from mlregistry.ml.metrics import METRICS
from mlregistry.ml.search import importance as ml_importance
from mlregistry.ml.search import space as ml_space
from mlregistry.ml.search.front import front
from mlregistry.ml.search.space import ESTIMATOR

from . import budgets
from .study_contours import contour

MOST_DRAWN = 2000
MOST_SLICES = 6
MOST_AXES = 9
MOST_LISTED = 20
ENDED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAILED)


def trials(study: Study) -> QuerySet[Trial]:
    return Trial.objects.filter(study=study)


def progress(study: Study) -> dict[str, Any]:
    """Counts by state, what is left of each budget, and the lanes at work."""
    counts = Counter(trials(study).values_list("state", flat=True))
    cost = budgets.cost(study)
    return {
        "n_trials": study.next_number,
        "n_ended": sum(counts[state] for state in ENDED),
        "by_state": {state: counts[state] for state in TrialState.values if counts[state]},
        "seconds_used": round(budgets.seconds_used(study), 1),
        "seconds_left": budgets.seconds_left(study),
        "cost": cost,
        "n_lanes_live": live_lanes(study).count(),
    }


def of_run(run: Run) -> Study | None:
    """The study that the run is of: its parent, one of its trials, or its winner."""
    found = Study.objects.filter(Q(run=run) | Q(winner=run)).first()
    if found is not None or run.parent_id is None:
        return found
    trial = Trial.objects.filter(run=run).select_related("study").first()
    return trial.study if trial else None


def of_experiment(experiment: Experiment) -> list[Study]:
    """Newest first."""
    return list(Study.objects.filter(experiment=experiment).order_by("-created_at")[:MOST_LISTED])


def live_lanes(study: Study) -> QuerySet[Job]:
    jobs = StudyLane.objects.filter(study=study).values("job")
    return Job.objects.filter(pk__in=jobs, state__in=LIVE).order_by("created_at")


def is_waiting(study: Study) -> bool:
    """Whether no lane has a worker yet."""
    return not live_lanes(study).filter(state=JobState.RUNNING).exists()


def complete(study: Study) -> list[Trial]:
    """The newest of the complete trials that pages draw, in order."""
    rows = trials(study).filter(state=TrialState.COMPLETE).order_by("-number")[:MOST_DRAWN]
    return sorted(rows.select_related("run"), key=lambda row: row.number)


def best(study: Study, rows: Sequence[Trial]) -> list[Trial]:
    """The best trial, or those of the Pareto front by their first value."""
    told = [row for row in rows if row.values]
    if len(study.objectives) == 1:
        return [row for row in told if row.number == study.best_number]
    kept = front([tuple(row.values or ()) for row in told], study.directions)
    found = [told[place] for place in kept]
    return sorted(found, key=lambda row: row.values[0], reverse=study.directions[0] == "maximize")  # type: ignore[index]  # only trials with values


def short(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Params as people read them: without the estimator's name before its own, numbers to four figures."""
    prefix = f"{params.get(ESTIMATOR, '')}."
    return [
        (name.removeprefix(prefix), f"{value:.4g}" if isinstance(value, float) else str(value))
        for name, value in params.items()
    ]


def _labels(names: Sequence[str]) -> list[str]:
    """The last part of each name where that is enough to tell them apart."""
    ends = [name.rpartition(".")[2] for name in names]
    return [end if ends.count(end) == 1 else name for name, end in zip(names, ends, strict=True)]


def charts(study: Study, rows: Sequence[Trial]) -> dict[str, Any]:
    """The charts of the page by name; none before two trials are complete."""
    told = [row for row in rows if row.values]
    if len(told) < 2:
        return {}
    drawn = {"history": _history(study, told)}
    if len(study.objectives) > 1:
        drawn["front"] = _front(study, told)
    ranked = importance(study, told)
    if ranked:
        drawn["importance"] = {
            "type": "bars",
            "title": "What mattered",
            "x_title": "Share of the variance",
            "labels": _labels([name for name, _ in ranked]),
            "values": [round(share, 4) for _, share in ranked],
        }
    drawn["parallel"] = _parallel(study, told, [name for name, _ in ranked])
    for place, (name, _) in enumerate(ranked[:MOST_SLICES]):
        drawn[f"slice_{place}"] = _slice(study, told, name)
    found = contour(study, told, [name for name, _ in ranked])
    return drawn | ({"contour": {**found, "color_title": _title(study)}} if found else {})


def importance(study: Study, rows: Sequence[Trial]) -> list[tuple[str, float]]:
    """Params with the share of the first objective's variance that each explains, the largest first."""
    values = [float(row.values[0]) for row in rows if row.values]
    return ml_importance.ranked([row.params or {} for row in rows if row.values], values)


def _title(study: Study, place: int = 0) -> str:
    name = str(study.objectives[place]["metric"])
    known = METRICS.get(study.problem.kind, {}) if study.problem else {}
    return known[name].title if name in known else name.replace("_", " ")


def _history(study: Study, rows: Sequence[Trial]) -> dict[str, Any]:
    numbers = [row.number for row in rows]
    values = [row.values[0] for row in rows if row.values]
    better = max if study.directions[0] == "maximize" else min
    running = [values[0]]
    for value in values[1:]:
        running.append(better(running[-1], value))
    return {
        "type": "search_history", "title": "History", "x_title": "Trial", "y_title": _title(study),
        "series": [
            {"name": "Trials", "x": numbers, "y": values, "mode": "markers"},
            {"name": "Best so far", "x": numbers, "y": running, "mode": "lines"},
        ],
    }  # fmt: skip


def _front(study: Study, rows: Sequence[Trial]) -> dict[str, Any]:
    chosen = {row.number for row in best(study, rows)}
    series = [
        {
            "name": name,
            "x": [row.values[0] for row in rows if row.values and (row.number in chosen) is inside],
            "y": [row.values[1] for row in rows if row.values and (row.number in chosen) is inside],
            "mode": "markers",
        }
        for name, inside in (("Others", False), ("Pareto front", True))
    ]
    return {
        "type": "search_history", "title": "Pareto front", "x_title": _title(study), "y_title": _title(study, 1),
        "series": series,
    }  # fmt: skip


def _parallel(study: Study, rows: Sequence[Trial], ranked: Sequence[str]) -> dict[str, Any]:
    """Axes of the params that most trials have, the important first, and the score last."""
    searched = ml_space.stored(study.space).all_dimensions
    names = [name for name in (*ranked, *searched) if name in searched]
    shared = [name for name in dict.fromkeys(names) if all(name in (row.params or {}) for row in rows)]
    axes = [
        _axis(name, [(row.params or {})[name] for row in rows], searched[name].log)
        for name in shared[:MOST_AXES]
    ]
    scores = [row.values[0] for row in rows if row.values]
    axes.append({"label": _title(study), "values": scores})
    return {
        "type": "search_parallel", "title": "Parallel coordinates", "axes": axes, "color": scores,
        "reverse": study.directions[0] == "minimize",
    }  # fmt: skip


def _axis(name: str, values: list[Any], log: bool) -> dict[str, Any]:
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return {"label": name, "values": values, "log": log}
    known = sorted({str(value) for value in values})
    return {"label": name, "values": [known.index(str(value)) for value in values], "ticks": known}


def _slice(study: Study, rows: Sequence[Trial], name: str) -> dict[str, Any]:
    having = [row for row in rows if name in (row.params or {}) and row.values]
    found = ml_space.stored(study.space).all_dimensions.get(name)
    x = [(row.params or {})[name] for row in having]
    return {
        "type": "search_slice", "title": name, "x_title": name, "y_title": _title(study),
        "x": [str(value) for value in x] if found and found.choices else x,
        "y": [row.values[0] for row in having if row.values], "color": [row.number for row in having],
        "log": bool(found and found.log),
    }  # fmt: skip
