"""Cost-complexity pruning (Breiman et al. 1984): the largest ccp_alpha within the tolerance, fitted again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import clone

from mlregistry.errors import Invalid
from mlregistry.ml import metrics
from mlregistry.ml.optimising import choosing
from mlregistry.ml.optimising.inner import inner_of
from mlregistry.ml.optimising.subject import Made, Subject

Array = npt.NDArray[Any]
SHARES = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
MOST_ROWS = 20_000


def prune(subject: Subject) -> Iterator[Made]:
    """One candidate; Invalid where no pruning stays within the tolerance."""
    recipes = [_with_alpha(subject, alpha) for alpha in (0.0, *alphas(subject))]
    values = []
    for place, recipe in enumerate(recipes):
        subject.work.report(place / len(recipes), f"Pruning, {place + 1} of {len(recipes)}")
        values.append(choosing.validated(subject, recipe))
    found = choosing.smallest_within(subject, values[:0:-1], values[0])
    if found is None:
        raise Invalid(
            f"No pruning keeps {subject.metric.title} within {subject.wish.tolerance:g} on held-out rows; allow more,"
            " or leave the trees as they are.",
            field="tolerance",
        )
    recipe = recipes[::-1][found]
    alpha = recipe.params["ccp_alpha"]
    pipeline = subject.train(recipe, subject.parts.train)
    before, after = n_nodes(inner_of(subject.pipeline)), n_nodes(inner_of(pipeline))
    steps = [one.params["ccp_alpha"] for one in recipes]
    yield Made(
        "prune",
        f"Pruned by ccp_alpha {alpha:.3g}",
        pipeline,
        f"Pruned by ccp_alpha {alpha:.4g}, chosen on {choosing.where(subject)}, and fitted again: {after:,} of"
        f" {before:,} nodes are left.",
        recipe,
        choosing.curve(subject, "Pruning", "ccp_alpha", steps, values),
        facts={"ccp_alpha": alpha, "n_nodes": after, "n_nodes_before": before},
    )


def alphas(subject: Subject) -> list[float]:
    """Places along the path of one tree on the training rows, from little to much pruning."""
    rows = subject.parts.train
    if len(rows) > MOST_ROWS:
        rows = np.sort(np.random.default_rng(subject.recipe.seed).choice(rows, MOST_ROWS, replace=False))
    estimator = inner_of(subject.pipeline)
    tree, target = estimator, subject.work.target[rows]
    if hasattr(estimator, "estimators_"):
        tree = np.asarray(estimator.estimators_, dtype=object).ravel()[0]
        target = _numbers(subject, rows)
    matrix = subject.matrix(subject.pipeline, rows)
    path = clone(tree).set_params(ccp_alpha=0.0).cost_complexity_pruning_path(matrix, target)
    inner = np.unique(path.ccp_alphas[:-1])
    inner = inner[inner > 0]
    if not len(inner):
        raise Invalid("The trees have no branch that could be cut.", field="methods")
    found: list[float] = np.unique(np.quantile(inner, SHARES)).tolist()
    return found


def n_nodes(estimator: Any) -> int:
    trees = np.asarray(getattr(estimator, "estimators_", [estimator]), dtype=object).ravel()
    return int(sum(tree.tree_.node_count for tree in trees))


def _numbers(subject: Subject, rows: Array) -> Array:
    target = subject.work.target[rows]
    return metrics.class_numbers(target, subject.work.classes) if subject.work.classes else target


def _with_alpha(subject: Subject, alpha: float) -> Any:
    return replace(subject.recipe, params={**subject.recipe.params, "ccp_alpha": alpha}, folds=0, repeats=1)
