"""The learning curve: would more rows help? Called by the explanation job."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from mlregistry.errors import Invalid
from mlregistry.ml import metrics, training_steps
from mlregistry.ml.supervised.adjusting import fit_adjusted
from mlregistry.ml.supervised.fitting import outcome_of
from mlregistry.ml.supervised.folding import folds
from mlregistry.ml.supervised.table import Work

Array = npt.NDArray[Any]
SHARES = (0.1, 0.2, 0.4, 0.7, 1.0)
N_FOLDS = 3
LEAST_ROWS = 20


def learning_curve(work: Work, pipeline: Pipeline, rows: Array) -> dict[str, Any] | None:
    """The primary metric on fitted and on held-out rows by the number of fitted ones, mean of three folds.

    Of the training rows `rows` alone, so the test rows are not touched. None when too few sizes can be fitted.
    """
    chosen = metrics.metric(work.spec.kind, work.spec.primary_metric)
    found: dict[int, list[tuple[int, float, float]]] = {}
    for number, (inside, outside) in enumerate(folds(work, rows, n_folds=N_FOLDS, repeats=1)):
        order = _order(work, inside)
        for place, share in enumerate(SHARES):
            work.report(
                (number + place / len(SHARES)) / N_FOLDS, f"Learning curve, fold {number + 1} of {N_FOLDS}"
            )
            fitted = np.sort(order[: round(share * len(order))])
            scores = _scores(work, pipeline, fitted, outside, chosen)
            if scores is not None:
                found.setdefault(place, []).append((len(fitted), *scores))
    means = [np.mean(values, axis=0) for _, values in sorted(found.items()) if len(values) > 1]
    if len(means) < 2:
        return None
    sizes = [round(float(one[0])) for one in means]
    return {
        "type": "lines", "title": "Learning curve", "x_title": "Fitted rows", "y_title": chosen.title, "markers": True,
        "series": [
            {"name": name, "x": sizes, "y": [float(one[place]) for one in means]}
            for place, name in ((1, "on fitted rows"), (2, "on held-out rows"))
        ],
    }  # fmt: skip


def _order(work: Work, inside: Array) -> Array:
    """The order in which rows are added: by chance, or the latest first where time parts them."""
    moments = training_steps.order_of(work.frame.iloc[inside], work.recipe.split)
    if moments is not None:
        return inside[np.argsort(moments, kind="stable")[::-1]]
    return np.random.default_rng(work.recipe.seed).permutation(inside)


def _scores(
    work: Work, pipeline: Pipeline, fitted: Array, held: Array, chosen: metrics.Metric
) -> tuple[float, float] | None:
    """On fitted and held-out rows; None for too few rows, or where a size cannot be fitted or measured."""
    if len(fitted) < LEAST_ROWS or len(np.unique(work.target[fitted])) < 2:
        return None
    copy, frame = clone(pipeline), work.frame[work.features]
    try:
        fit_adjusted(work, copy, fitted)
    except Invalid:
        return None
    with training_steps.lenient(copy):
        inner = outcome_of(work, copy, frame.iloc[fitted], work.target[fitted])
        outer = outcome_of(work, copy, frame.iloc[held], work.target[held], frame.iloc[fitted])
    values = (float(chosen.function(inner)), float(chosen.function(outer)))
    return values if np.isfinite(values).all() else None
