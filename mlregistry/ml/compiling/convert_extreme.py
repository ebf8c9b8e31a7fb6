"""Converters of our estimators around XGBoost and of its own files, from the JSON that a booster writes of itself."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mlregistry.ml.compiling.converting import PROBABILITIES, VALUES, Converter, chain, link, only, rescaled
from mlregistry.ml.compiling.forms import Array, Form, Unsupported
from mlregistry.ml.compiling.tree_arrays import Nodes, pack

CLASSES = frozenset(("binary:logistic", "multi:softprob", "multi:softmax"))
SUMS = frozenset(("reg:squarederror", "reg:absoluteerror", "reg:pseudohubererror"))
EXPONENTS = frozenset(("count:poisson", "reg:gamma", "reg:tweedie"))


def extreme_boosting(estimator: Any, wish: str) -> Form:
    """The leaves added up in 32 bits, and the objective's link."""
    scores, n_outputs = _scores(estimator)
    if not hasattr(estimator, "classes_"):
        only(wish, VALUES)
        return chain(scores, rescaled(estimator))
    return _linked(scores, n_outputs, wish)


def extreme_file(model: Any, wish: str) -> Form:
    """The same for a file from elsewhere, whose target was not scaled."""
    scores, n_outputs = _scores(model)
    if hasattr(model, "classes_"):
        return _linked(scores, n_outputs, wish)
    only(wish, VALUES)
    return chain(scores, link("exp")) if model.objective in EXPONENTS else scores


def n_outputs(booster: Any) -> int:
    """Columns of scores: one, or as many as there are classes."""
    return max(1, int(_told(booster)["learner_model_param"]["num_class"]))


def _scores(estimator: Any) -> tuple[Form, int]:
    learner = _told(estimator.booster_)
    trees = [_nodes(tree) for tree in _trees(learner)]
    start = _start(learner)
    scores = chain(
        Form("clip", arrays=_ends(estimator.n_features_in_)),
        pack("boosted_singles", trees, estimator.n_features_in_, start=start),
    )
    return scores, len(start)


def _linked(scores: Form, n_outputs: int, wish: str) -> Form:
    only(wish, PROBABILITIES)
    return chain(scores, link("two_sigmoid" if n_outputs == 1 else "softmax"))


def nodes_of(booster: Any) -> list[Nodes]:
    """Every tree of a booster, in order."""
    return [_nodes(tree) for tree in _trees(_told(booster))]


def _told(booster: Any) -> Mapping[str, Any]:
    told: Mapping[str, Any] = json.loads(bytes(booster.save_raw("json")))["learner"]
    return told


def _trees(learner: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Of several classes they take turns; anything else has no form."""
    model = learner["gradient_booster"]["model"]
    n_outputs = max(1, int(learner["learner_model_param"]["num_class"]))
    places = np.arange(len(model["trees"])) % n_outputs
    if not np.array_equal(np.asarray(model["tree_info"]), places):
        raise Unsupported("trees that do not take turns have no compiled form")
    trees: Sequence[Mapping[str, Any]] = model["trees"]
    return trees


def _start(learner: Mapping[str, Any]) -> Array:
    """What the sums begin with; of two classes the log-odds of a probability, in the steps that XGBoost takes."""
    told = learner["learner_model_param"]["base_score"].strip("[]").split(",")
    start = np.array([float(one) for one in told], dtype=np.float32)
    if learner["objective"]["name"] in EXPONENTS:
        return np.array([math.log(float(start[0]))], dtype=np.float32)
    if learner["objective"]["name"] != "binary:logistic":
        return np.broadcast_to(start, max(1, int(learner["learner_model_param"]["num_class"]))).copy()
    odds = np.float32(1.0) / start[0] - np.float32(1.0)
    return np.array([-math.log(float(odds))], dtype=np.float32)


def _ends(n_features: int) -> dict[str, Array]:
    largest = float(np.finfo(np.float32).max)
    return {"low": np.full(n_features, -largest), "high": np.full(n_features, largest)}


def _nodes(tree: Mapping[str, Any]) -> Nodes:
    """XGBoost goes left below the condition, so right of the next smaller number."""
    if int(tree["tree_param"].get("size_leaf_vector", 1)) > 1:
        raise Unsupported("leaves of several values have no compiled form")
    if any(tree["split_type"]):
        raise Unsupported("categories inside XGBoost have no compiled form")
    left = np.asarray(tree["left_children"], dtype=np.int64)
    told = np.asarray(tree["split_conditions"], dtype=np.float32)
    leaf = left < 0
    return Nodes(
        left,
        np.where(leaf, -1, np.asarray(tree["right_children"], dtype=np.int64)),
        np.asarray(tree["split_indices"], dtype=np.int64),
        np.nextafter(told, np.float32(-np.inf)),
        np.asarray(tree["default_left"]).astype(bool),
        told.astype(np.float64)[:, None],
    )


TABLE: dict[str, Converter] = {
    "ExtremeClassifier": extreme_boosting, "ExtremeRegressor": extreme_boosting, "XGBoostFile": extreme_file,
}  # fmt: skip
