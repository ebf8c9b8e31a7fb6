"""One whole training of a recommender: read, split by time, fit, rank for later rows, curves. Called by ml.training."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
import threadpoolctl

from mlregistry.errors import Invalid
from mlregistry.ml import estimators, metrics, splits
from mlregistry.ml.problems import MIN_ROWS, ProblemSpec, validate
from mlregistry.ml.recipes import Recipe, check_estimator
from mlregistry.ml.recommendation import curves, evaluating, interactions
from mlregistry.ml.recommendation.evaluating import Numbering
from mlregistry.ml.recommendation.interactions import Array, Interactions
from mlregistry.ml.recommendation.recommender import Recommender, popular
from mlregistry.ml.signature import RANKING, Field, Signature
from mlregistry.ml.training_result import Told, TrainingResult, nobody

N_EXAMPLE_ROWS = 5


def train(
    spec: ProblemSpec, recipe: Recipe, frame: pd.DataFrame, report: Any, tell: Told = nobody
) -> TrainingResult:
    """Train on `frame` (raw columns); the same spec, recipe and frame give the same result.

    One thread, because sums in several end in differing last digits. Raises Invalid naming the column or field
    for data or recipes that cannot be trained.
    """
    with threadpoolctl.threadpool_limits(1):
        return _train(spec, recipe, frame, report, tell)


def _train(spec: ProblemSpec, recipe: Recipe, frame: pd.DataFrame, report: Any, tell: Told) -> TrainingResult:
    start = time.perf_counter()
    spec, recipe = validate(spec), check_estimator(recipe, spec.kind)
    seconds: dict[str, float] = {}
    report(0.0, "Reading who had what")
    found = interactions.read(spec, recipe.split, frame)
    if len(found) < MIN_ROWS:
        raise Invalid(f"{len(found)} complete rows were found; at least {MIN_ROWS} are needed.")
    parts = interactions.part(found, recipe.split, recipe.seed)
    liked_from = liked_threshold(found, parts.train)
    seconds["prepare"] = _since(start)
    report(0.1, f"Fitting {recipe.estimator} on {len(parts.train):,} rows")
    model, numbering = fit(found, recipe, parts.train, liked_from)
    seconds["fit"] = _since(start) - seconds["prepare"]
    report(0.6, "Ranking for later rows")
    measured, drawn = _measure(model, found, numbering, parts, liked_from)
    tell(measured, "")
    seconds["total"] = _since(start)
    counts = {"train": parts.train, "validation": parts.validation, "test": parts.test}
    report(1.0, "Finished")
    return TrainingResult(
        pipeline=model,
        metrics=measured,
        curves=drawn,
        signature=signature(spec, model),
        n_rows=found.n_rows | {name: len(rows) for name, rows in counts.items()},
        input_example=[{spec.granularity[0]: key} for key in model.user_keys[:N_EXAMPLE_ROWS].tolist()],
        warnings=found.warnings,
        seconds={name: round(value, 6) for name, value in seconds.items()},
        split_digest=splits.digest(
            *(found.numbers[rows] for rows in (parts.train, parts.validation, parts.test))
        ),
    )


def fit(found: Interactions, recipe: Recipe, rows: Array, liked_from: float) -> tuple[Recommender, Numbering]:
    """The recipe's recommender on these rows."""
    training, numbering = evaluating.training_rows(found, rows, liked_from)
    made: Any = estimators.make("recommendation", recipe.estimator, recipe.params, seed=recipe.seed)
    scoring, seen = made.fit(training)
    user_keys, item_keys = found.user_keys[numbering.users >= 0], found.item_keys[numbering.items >= 0]
    return popular(user_keys, item_keys, seen, scoring), numbering


def signature(spec: ProblemSpec, model: Recommender) -> Signature:
    """One input, the user, who may be missing; a ranking of items comes out."""
    user, item = spec.granularity
    return Signature(
        (Field(user, "integer" if model.user_keys.dtype.kind == "i" else "string", False),),
        Field(item, RANKING),
    )


def liked_threshold(found: Interactions, rows: Array) -> float:
    """The median of the training ratings: from it on, a rating counts as liked."""
    if found.ratings is None:
        return 0.0
    liked_from = float(np.median(found.ratings[rows]))
    found.warnings.append(
        f"Ratings of {liked_from:g} and more (the median of training) count as liked: the lists are measured"
        " by how many liked items they hold."
    )
    return liked_from


def _measure(
    model: Recommender,
    found: Interactions,
    numbering: Numbering,
    parts: interactions.Parts,
    liked_from: float,
) -> tuple[dict[str, float], dict[str, dict[str, Any]]]:
    measured: dict[str, float] = {}
    drawn: dict[str, dict[str, Any]] = {}
    for name, rows in (("validation", parts.validation), ("test", parts.test)):
        if not len(rows):
            continue
        ranking, users = evaluating.rank(model, found, numbering, rows, liked_from)
        if not len(users):
            raise Invalid(
                f"No user had anything new in the {name} rows that counts, so there is nothing to measure;"
                " take a larger share of test rows.",
                field="split.test_fraction",
            )
        values = metrics.measure("recommendation", ranking)
        measured |= {f"{name}_{metric}": value for metric, value in values.items()}
        found.n_rows |= {f"{name}_users": len(users), f"{name}_new_users": int((users < 0).sum())}
        had = np.diff(model.profiles(users).indptr)
        drawn = curves.draw(ranking, had)
    return measured, drawn


def _since(start: float) -> float:
    return time.perf_counter() - start
