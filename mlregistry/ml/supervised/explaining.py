"""The costly drawings of a trained model: learning curve, partial dependence, Shapley values. Called by their job."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.pipeline import Pipeline

from mlregistry.ml import pipelines, training_steps
from mlregistry.ml.explaining import dependence, shapley
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.recipes import Recipe
from mlregistry.ml.steps.lineage import lineage
from mlregistry.ml.supervised import table
from mlregistry.ml.supervised.learning import learning_curve
from mlregistry.ml.supervised.table import Report, Work

Array = npt.NDArray[Any]
Curve = dict[str, Any]
MOST_DEPENDENCE = 4
MOST_EXPLAINED = 60
MOST_BACKGROUND = 100
MOST_PREDICTIONS = 60_000
MOST_WALKS = 40
MOST_FEATURES = 40


def explain(
    spec: ProblemSpec,
    recipe: Recipe,
    frame: pd.DataFrame,
    pipeline: Pipeline,
    needed: Sequence[str],
    important: Sequence[str],
    report: Report,
) -> dict[str, Curve]:
    """Curves by name. `needed` are the columns that the fitted `pipeline` takes, `important` the telling ones first.

    The same arguments give the same curves. No test row's target is read.
    """
    report(0.0, "Checking the table")
    work = table.prepare(spec, recipe, frame, lambda share, text: report(0.05 + 0.5 * share, text))
    parts = table.part(work)
    found: dict[str, Curve] = {}
    learnt = learning_curve(work, pipelines.build(spec.kind, work.recipe), parts.train)
    if learnt is not None:
        found["learning_curve"] = learnt
    if training_steps.looks_back(pipeline):
        return found
    predict, predicted = _predictor(work, pipeline)
    rows, background = work.frame[list(needed)].iloc[parts.test], work.frame[list(needed)].iloc[parts.train]
    names = [name for name in (*important, *needed) if name in set(needed)]
    names = list(dict.fromkeys(names))
    report(0.6, "Partial dependence")
    for place, name in enumerate(names[:MOST_DEPENDENCE]):
        drawn = dependence.curve(predict, rows, name, predicted=predicted, seed=work.recipe.seed)
        if drawn is not None:
            found[f"dependence_{place + 1}"] = drawn
    report(0.7, "Shapley values")
    found["shapley"] = _shapley(work, pipeline, predict, predicted, rows, background)
    report(1.0, "Finished")
    return found


def _predictor(work: Work, pipeline: Pipeline) -> tuple[Callable[[pd.DataFrame], Array], str]:
    """What is explained: the prediction, or a class's probability (of many classes the most frequent one's)."""
    if not work.classes:
        return lambda frame: np.asarray(
            pipeline.predict(frame), dtype=np.float64
        ), f"Predicted {work.spec.target}"
    classes = list(pipeline.classes_)
    labels, counts = np.unique(work.target, return_counts=True)
    label = work.classes[1] if len(work.classes) == 2 else labels[counts.argmax()].item()
    place = classes.index(label)
    return lambda frame: np.asarray(pipeline.predict_proba(frame))[:, place], f"Probability of {label}"


def _exact(
    pipeline: Pipeline, predict: Callable[[pd.DataFrame], Array], rows: pd.DataFrame, background: pd.DataFrame
) -> Array | None:
    """Of a regressor that weighs features which each come from one column; None for all others.

    That the values of a row sum to its prediction less the background's mean is seen to.
    """
    weights = _weights(pipeline.steps[-1][1])
    if weights is None:
        return None
    origins = lineage(pipeline.steps[:-1])
    owners = [origins[name].columns for name in _names_out(pipeline) if name in origins]
    if len(owners) != len(weights) or any(len(columns) != 1 for columns in owners):
        return None
    matrix, before = (np.asarray(pipeline[:-1].transform(part)) for part in (rows, background))
    found = np.zeros(rows.shape)
    places = {str(name): place for place, name in enumerate(rows.columns)}
    for owner, moved in zip(owners, shapley.linear(weights, matrix, before).T, strict=True):
        if owner[0] not in places:
            return None
        found[:, places[owner[0]]] += moved
    wanted = predict(rows) - predict(background).mean()
    return found if np.allclose(found.sum(axis=1), wanted, rtol=1e-6, atol=1e-9) else None


def _weights(estimator: Any) -> Array | None:
    """What each feature is multiplied by, in units of the target; of an ensemble what its members' weights come to."""
    if hasattr(estimator, "members_"):
        parts = [_weights(member) for member in estimator.members_]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return None
        mixed: Array = np.tensordot(np.asarray(estimator.mix.weights), np.array(known), axes=1)
        return mixed
    inner, unit = getattr(estimator, "regressor_", estimator), 1.0
    if inner is not estimator:
        unit = float(np.ravel(getattr(estimator.transformer_, "scale_", [1.0]))[0])
    weights = getattr(inner, "coef_", None)
    if weights is None or np.ndim(np.squeeze(weights)) > 1 or not hasattr(inner, "intercept_"):
        return None
    return np.atleast_1d(np.squeeze(np.asarray(weights, dtype=np.float64))) * unit


def _names_out(pipeline: Pipeline) -> list[str]:
    parts = [part for _, part in pipeline.steps[:-1] if hasattr(part, "names_out_")]
    return [str(name) for name in parts[-1].names_out_] if parts else []


def _shapley(
    work: Work,
    pipeline: Pipeline,
    predict: Callable[[pd.DataFrame], Array],
    predicted: str,
    rows: pd.DataFrame,
    background: pd.DataFrame,
) -> Curve:
    """Mean size of the Shapley values of a sample of test rows, and their direction.

    Exact for weighted sums; else by as many walks as fit the bound.
    """
    chance = np.random.default_rng(work.recipe.seed)
    rows, background = _sample(rows, MOST_EXPLAINED, chance), _sample(background, MOST_BACKGROUND, chance)
    n_walks = 0
    values = None if work.classes else _exact(pipeline, predict, rows, background)
    if values is None:
        n_walks = MOST_PREDICTIONS // (len(rows) * (rows.shape[1] + 1))
        n_walks = max(2, min(MOST_WALKS, n_walks // 2 * 2))
        values = shapley.sampled(predict, rows, background, n_walks=n_walks, seed=work.recipe.seed)
    sizes = np.abs(values).mean(axis=0)
    order = np.argsort(-sizes, kind="stable")[:MOST_FEATURES]
    return {
        "type": "bars",
        "title": "Shapley values",
        "x_title": f"Mean move of: {predicted}",
        "y_title": "Feature",
        "labels": [str(rows.columns[place]) for place in order],
        "values": [float(sizes[place]) for place in order],
        "signed": [float(values[:, place].mean()) for place in order],
        "n_rows": len(rows),
        "n_walks": n_walks,
    }


def _sample(frame: pd.DataFrame, most: int, chance: np.random.Generator) -> pd.DataFrame:
    if len(frame) <= most:
        return frame
    return frame.iloc[np.sort(chance.choice(len(frame), most, replace=False))]
