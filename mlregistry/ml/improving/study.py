"""Tries proposals against the unchanged recipe on the same folds, adds up the best, and checks them on unseen rows.

Called by the improvement job. The test rows of the run stay untouched, since the proposals come from figures on them.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from mlregistry.errors import Invalid
from mlregistry.ml import metrics, pipelines
from mlregistry.ml.comparing.paired import estimate
from mlregistry.ml.improving import changes, checking, judging
from mlregistry.ml.improving.plan import Plan
from mlregistry.ml.improving.results import FAILED, UNTRIED, Addition, Check, Result, Trial
from mlregistry.ml.improving.rows import Bench, Clock, bench
from mlregistry.ml.improving.traffic import Traffic
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.recipes import Recipe
from mlregistry.ml.selection.ranking import one_thread
from mlregistry.ml.supervised import table
from mlregistry.ml.supervised.crossing import predict_fold
from mlregistry.ml.supervised.table import Report

SHARE_OF_SINGLES = 0.7  # of the time, before proposals are tried together
MOST_TOGETHER = 6
OUT_OF_TIME = "The time was used up before its turn."
NOTHING_WON = "Nothing beats the unchanged recipe, so there is nothing to check."


@dataclass(frozen=True)
class Candidate:
    """One proposal as the study needs it."""

    key: str
    title: str
    change: Mapping[str, Any]


def improve(
    spec: ProblemSpec,
    recipe: Recipe,
    frame: pd.DataFrame,
    candidates: Sequence[Candidate],
    plan: Plan,
    report: Report,
    *,
    live: pd.DataFrame | None = None,
    clock: Clock = time.monotonic,
) -> Result:
    """The most promising of `candidates` first; `live` are labelled rows of the traffic, with the target's column.

    A difference is one of the problem's metric over the folds of a repeated cross-validation, with the corrected
    resampled t interval (Nadeau and Bengio 2003). Raises Invalid where the unchanged recipe cannot be fitted.
    """
    report(0.0, "Checking the table")
    began = clock()
    work = table.prepare(spec, recipe, frame, report)
    found = bench(work, plan, report, clock, began, len(candidates))
    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found.base = _scores(found, work.recipe, "Unchanged")
        traffic = Traffic(found, live)
        trials, scores = _singles(found, candidates, traffic)
        additions, best = _together(found, candidates, trials, scores)
        report(0.93, "Checking the best on rows that no choice has seen")
        held_out, on_live = _checked(found, best, traffic)
    unchanged = estimate(found.base, found.held_share)
    return Result(
        metric=spec.primary_metric,
        metric_title=metrics.metric(spec.kind, spec.primary_metric).title,
        direction=metrics.metric(spec.kind, spec.primary_metric).direction,
        n_rows=len(found.searched),
        n_folds=len(found.parts),
        held_share=found.held_share,
        unchanged=unchanged,
        trials=trials,
        additions=additions,
        recipe=None if best is None else best.to_json(),
        held_out=held_out,
        live=on_live,
        seconds=clock() - began,
        advice=judging.advice(spec, additions, {one.key: one.title for one in candidates}, held_out, on_live),
        warnings=list(dict.fromkeys(work.warnings)),
    )


def _scores(found: Bench, recipe: Recipe, title: str) -> list[float]:
    """The metric on each fold; Invalid where one cannot be fitted or measured."""
    work = replace(found.work, recipe=recipe, warnings=[])
    pipeline = pipelines.build(work.spec.kind, recipe)
    chosen = metrics.metric(work.spec.kind, work.spec.primary_metric)
    values = []
    for number, (inside, outside) in enumerate(found.parts):
        found.tell(f"{title}: fold {number + 1} of {len(found.parts)}")
        values.append(float(chosen.function(predict_fold(work, pipeline, inside, outside))))
    if not all(math.isfinite(value) for value in values):
        raise Invalid(f"{chosen.title} is not defined on some fold; take fewer folds.", field="folds")
    return values


def _singles(
    found: Bench, candidates: Sequence[Candidate], traffic: Traffic
) -> tuple[list[Trial], dict[str, list[float]]]:
    """Each by itself, while there is time; p-values corrected for all that were tried."""
    trials, scores = [], dict[str, list[float]]()
    for one in candidates:
        if not found.has_time(SHARE_OF_SINGLES):
            trials.append(Trial(one.key, UNTRIED, error=OUT_OF_TIME))
            continue
        began = found.clock()
        try:
            recipe = changes.applied(found.work.recipe, one.change, found.work.spec.kind)
            scores[one.key] = _scores(found, recipe, one.title)
        except Invalid as error:
            trials.append(Trial(one.key, FAILED, error=error.message, seconds=found.clock() - began))
            continue
        on_live = traffic.difference(recipe)
        trials.append(judging.trial(found, one.key, scores[one.key], on_live, found.clock() - began))
    return judging.corrected(trials), scores


def _together(
    found: Bench, candidates: Sequence[Candidate], trials: Sequence[Trial], scores: Mapping[str, list[float]]
) -> tuple[list[Addition], Recipe | None]:
    """Greedy addition: begin with the best, then what adds most to those so far, as long as anything adds."""
    rest = judging.promising(candidates, trials)[:MOST_TOGETHER]
    chosen: list[Candidate] = []
    additions: list[Addition] = []
    best: Recipe | None = None
    worth = 0.0
    known: dict[tuple[str, ...], list[float]] = {(one.key,): scores[one.key] for one in rest}
    while rest and found.has_time():
        tried = [(value, one) for one in rest if (value := _joined(found, [*chosen, one], known)) is not None]
        if not tried:
            break
        values, one = max(tried, key=lambda pair: found.difference(pair[0]).mean)
        difference = found.difference(values)
        if difference.mean <= worth:
            break
        chosen.append(one)
        additions.append(Addition(one.key, difference))
        worth = difference.mean
        best = _recipe(found, chosen)
        rest = [
            other for other in rest if other.key != one.key and not changes.clash(one.change, other.change)
        ]
    return additions, best


def _joined(
    found: Bench, chosen: Sequence[Candidate], known: dict[tuple[str, ...], list[float]]
) -> list[float] | None:
    """The scores of these together; None where they cannot be, or the time is used up."""
    key = tuple(one.key for one in chosen)
    if key not in known and found.has_time():
        try:
            known[key] = _scores(found, _recipe(found, chosen), " + ".join(one.title for one in chosen))
        except Invalid:
            return None
    return known.get(key)


def _recipe(found: Bench, chosen: Sequence[Candidate]) -> Recipe:
    return changes.all_applied(found.work.recipe, [one.change for one in chosen], found.work.spec.kind)


def _checked(found: Bench, best: Recipe | None, traffic: Traffic) -> tuple[Check, Check]:
    if best is None:
        return Check(0, why_not=NOTHING_WON), Check(0, why_not=NOTHING_WON)
    try:
        winner = checking.fitted(found.work, best, found.searched)
    except Invalid as error:
        return Check(0, why_not=error.message), Check(0, why_not=error.message)
    held_out = checking.held_out(found.work, traffic.unchanged, winner, found.searched, found.held)
    return held_out, checking.live(found.work, traffic.unchanged, winner, traffic.rows)
