"""Checks what won on rows that no choice has seen: those held out, and labelled rows of the live traffic."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.pipeline import Pipeline

from mlregistry.ml import metrics, pipelines, resampling, training_steps
from mlregistry.ml.comparing.rows import bootstrapped
from mlregistry.ml.improving.results import Check
from mlregistry.ml.metrics import MAXIMIZE, Outcome
from mlregistry.ml.recipes import Recipe
from mlregistry.ml.resampling import Plan
from mlregistry.ml.supervised.adjusting import fit_adjusted
from mlregistry.ml.supervised.fitting import outcome_of
from mlregistry.ml.supervised.table import Work

Array = npt.NDArray[Any]
LEAST_ROWS = 50
MOST_RESAMPLED = 10_000
N_RESAMPLES = 1_000


def fitted(work: Work, recipe: Recipe, rows: Array) -> tuple[Work, Pipeline]:
    """The recipe on these rows."""
    own = replace(work, recipe=recipe)
    pipeline = pipelines.build(work.spec.kind, recipe)
    fit_adjusted(own, pipeline, rows)
    return own, pipeline


def held_out(
    work: Work, unchanged: tuple[Work, Pipeline], winner: tuple[Work, Pipeline], fit: Array, rows: Array
) -> Check:
    """Both on the held-out `rows`; `fit` are those they were fitted on."""
    frame = work.frame[work.features]
    outcomes = [
        _outcome(own, pipeline, frame.iloc[rows], work.target[rows], frame.iloc[fit])
        for own, pipeline in (unchanged, winner)
    ]
    return _check(work, outcomes[0], outcomes[1])


def live(
    work: Work,
    unchanged: tuple[Work, Pipeline],
    winner: tuple[Work, Pipeline],
    rows: pd.DataFrame | None,
    *,
    n_resamples: int = N_RESAMPLES,
) -> Check:
    """Both on labelled rows of the traffic, where there are enough with truths that the training data know."""
    if rows is None or not len(rows):
        return Check(0, why_not="No prediction of this endpoint has its truth yet.")
    missing = [name for name in work.features if name not in rows.columns]
    if missing:
        return Check(0, why_not=f"The prediction log does not hold '{missing[0]}'.")
    if training_steps.looks_back(unchanged[1]) or training_steps.looks_back(winner[1]):
        return Check(0, why_not="The recipe looks at earlier rows, which the log does not hold in order.")
    try:
        frame, target = _labelled(work, rows)
        if len(frame) < LEAST_ROWS:
            return Check(len(frame), why_not=f"{len(frame)} rows have their truth; {LEAST_ROWS} are needed.")
        outcomes = [_outcome(own, pipeline, frame, target) for own, pipeline in (unchanged, winner)]
    except (ValueError, TypeError) as error:  # clients send what they like
        return Check(len(rows), why_not=f"The live rows could not be predicted: {error}"[:300])
    return _check(work, outcomes[0], outcomes[1], n_resamples)


def _labelled(work: Work, rows: pd.DataFrame) -> tuple[pd.DataFrame, Array]:
    truths = rows[work.spec.target]
    if work.classes:
        known = truths.isin(work.classes).to_numpy(dtype=bool)
        return _alike(work, rows[known]), np.array(truths[known].tolist())
    numbers = pd.to_numeric(truths, errors="coerce")
    known = numbers.notna().to_numpy(dtype=bool)
    return _alike(work, rows[known]), numbers[known].to_numpy(dtype=np.float64)


def _alike(work: Work, rows: pd.DataFrame) -> pd.DataFrame:
    """The columns in the types of the training table; what does not fit is missing."""
    made: dict[str, Any] = {}
    for name in work.features:
        known, column = work.frame[name], rows[name]
        if pd.api.types.is_bool_dtype(known) or not pd.api.types.is_numeric_dtype(known):
            is_time = pd.api.types.is_datetime64_any_dtype(known)
            made[name] = pd.to_datetime(column, errors="coerce", utc=False) if is_time else column
        else:
            made[name] = pd.to_numeric(column, errors="coerce")
    return pd.DataFrame(made).reset_index(drop=True)


def _outcome(
    work: Work, pipeline: Pipeline, frame: pd.DataFrame, target: Array, before: pd.DataFrame | None = None
) -> Outcome:
    with training_steps.lenient(pipeline):
        return outcome_of(work, pipeline, frame, target, before)


def _check(work: Work, unchanged: Outcome, winner: Outcome, n_resamples: int = N_RESAMPLES) -> Check:
    name = work.spec.primary_metric
    chosen = metrics.metric(work.spec.kind, name)
    gain = 1.0 if chosen.direction == MAXIMIZE else -1.0
    n = len(unchanged.truth)
    before, after = (float(chosen.function(outcome)) for outcome in (unchanged, winner))
    if not (math.isfinite(before) and math.isfinite(after)):
        return Check(n, why_not=f"{chosen.title} is not defined on these {n:,} rows.")
    drawn = _replicates(work, unchanged, winner, n_resamples)
    if drawn is None:
        return Check(n, before, after, why_not=f"There is no interval of {chosen.title}.")
    found, p = bootstrapped(gain * drawn[1], gain * drawn[0], gain * (after - before))
    return Check(n, before, after, found, p)


def _replicates(
    work: Work, unchanged: Outcome, winner: Outcome, n_resamples: int
) -> tuple[Array, Array] | None:
    """The problem's metric of both on the same resamples."""
    name = work.spec.primary_metric
    n = min(len(unchanged.truth), MOST_RESAMPLED)
    rows = np.random.default_rng(work.recipe.seed).permutation(len(unchanged.truth))[:n]
    pair = [outcome.at(np.sort(rows)) for outcome in (unchanged, winner)]
    strata = pair[0].truth if work.classes else None
    plan = Plan(n, work.recipe.seed, strata=strata, n_resamples=n_resamples)
    found: list[Mapping[str, Array]] = [
        resampling.replicates(work.spec.kind, outcome, plan, (name,)) for outcome in pair
    ]
    if any(name not in one for one in found):
        return None
    return found[0][name], found[1][name]
