"""How well a recommender ranks training rows that it was not fitted on; the test rows stay untouched.

Called by ml.search for each trial.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from mlregistry.errors import Invalid
from mlregistry.ml import metrics
from mlregistry.ml.problems import MIN_ROWS, ProblemSpec, validate
from mlregistry.ml.recipes import Recipe, Split, check_estimator
from mlregistry.ml.recommendation import evaluating, interactions, training
from mlregistry.ml.recommendation.interactions import Array, Interactions


def measure(spec: ProblemSpec, recipe: Recipe, frame: pd.DataFrame) -> dict[str, float]:
    """The training rows parted once more as the recipe parts the table: fitted on the first part, ranked for the last.

    So each user's latest training rows (or, without a time column, some by chance) take the place of the test.
    """
    spec, recipe = validate(spec), check_estimator(recipe, spec.kind)
    whole = interactions.read(spec, recipe.split, frame)
    if len(whole) < MIN_ROWS:
        raise Invalid(f"{len(whole)} complete rows were found; at least {MIN_ROWS} are needed.")
    found = _only(whole, interactions.part(whole, recipe.split, recipe.seed).train)
    parts = interactions.part(found, _inner(recipe), recipe.seed + 1)
    liked_from = training.liked_threshold(found, parts.train)
    model, numbering = training.fit(found, recipe, parts.train, liked_from)
    ranking, users = evaluating.rank(model, found, numbering, parts.test, liked_from)
    if not len(users):
        raise Invalid("No user had anything new in the held-out training rows; bring more rows per user.")
    return metrics.measure(spec.kind, ranking)


def _inner(recipe: Recipe) -> Split:
    """The recipe's own split; one with validation rows leaves them out and parts as without."""
    if recipe.split.method == "train_validation_test":
        return replace(recipe.split, method="train_test", test_fraction=recipe.split.validation_fraction)
    return recipe.split


def _only(found: Interactions, rows: Array) -> Interactions:
    """The same users and items by the same numbers, with these rows alone."""
    return replace(
        found,
        users=found.users[rows],
        items=found.items[rows],
        ratings=None if found.ratings is None else found.ratings[rows],
        order=None if found.order is None else found.order[rows],
        n_rows={},
        warnings=[],
    )
