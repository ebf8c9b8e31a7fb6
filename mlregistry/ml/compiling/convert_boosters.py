"""Converters of LightGBM's estimators, ours around it and its files, from what a booster tells of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from mlregistry.ml.compiling.converting import PROBABILITIES, VALUES, Converter, chain, link, only, rescaled
from mlregistry.ml.compiling.forms import Form, Unsupported
from mlregistry.ml.compiling.tree_arrays import Nodes, pack

SUMS = frozenset(
    ("regression", "regression_l1", "huber", "fair", "quantile", "mape", "l1", "l2", "mean_squared_error")
)
CLASSES = frozenset(("binary", "multiclass"))
EXPONENTS = frozenset(("poisson", "gamma", "tweedie"))


def light_boosting(estimator: Any, wish: str) -> Form:
    """The trees' values added up, and the objective's link."""
    told = estimator.booster_.dump_model()
    n_outputs = int(told["num_tree_per_iteration"])
    width = int(told["max_feature_idx"]) + 1
    scores = chain(
        Form("zeroed"), pack("boosted", nodes_of(estimator.booster_), width, start=np.zeros(n_outputs))
    )
    if told.get("average_output"):
        scores = chain(scores, Form("over", {"by": len(told["tree_info"]) / n_outputs}))
    objective, *options = str(told["objective"]).split(" ")
    if hasattr(estimator, "classes_"):
        only(wish, PROBABILITIES)
        return chain(scores, link(_link_of(objective, options)))
    only(wish, VALUES)
    if objective in EXPONENTS:
        return chain(scores, link("exp"))
    if objective not in SUMS or (options and "sqrt" in options):
        raise Unsupported(f"the objective {objective} has no compiled form")
    return scores


def _link_of(objective: str, options: list[str]) -> str:
    if objective == "multiclass":
        return "softmax"
    if objective == "binary" and "sigmoid:1" in options:
        return "two_sigmoid"
    raise Unsupported(f"the objective {objective} has no compiled form")


def light_regression(estimator: Any, wish: str) -> Form:
    """Ours, which was fitted on a scaled target."""
    return chain(light_boosting(estimator, wish), rescaled(estimator))


def nodes_of(booster: Any) -> list[Nodes]:
    """Every tree of a booster, in order."""
    return [_nodes(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"]]


def _nodes(root: Mapping[str, Any]) -> Nodes:
    listed = list(_walked(root))
    places = {id(node): place for place, node in enumerate(listed)}
    n = len(listed)
    left, right, feature = (np.full(n, value, dtype=np.int64) for value in (-1, -1, 0))
    threshold, values, missing_left = np.zeros(n), np.zeros((n, 1)), np.zeros(n, dtype=bool)
    for place, node in enumerate(listed):
        if "split_feature" not in node:
            values[place] = node["leaf_value"]
            continue
        left[place], right[place] = places[id(node["left_child"])], places[id(node["right_child"])]
        feature[place], threshold[place] = node["split_feature"], node["threshold"]
        missing_left[place] = _missing_left(node)
    return Nodes(left, right, feature, threshold, missing_left, values)


def _walked(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for side in ("left_child", "right_child"):
        if side in node:
            yield from _walked(node[side])


def _missing_left(node: Mapping[str, Any]) -> bool:
    """Where NaN goes: by default, or as 0 where the training rows had no gaps."""
    if node["decision_type"] != "<=":
        raise Unsupported("categories inside LightGBM have no compiled form")
    if node["missing_type"] == "NaN":
        return bool(node["default_left"])
    if node["missing_type"] == "None":
        return bool(node["threshold"] >= 0.0)
    raise Unsupported("zeros that count as missing have no compiled form")


TABLE: dict[str, Converter] = {
    **dict.fromkeys(("LGBMClassifier", "LGBMRegressor", "LightClassifier", "LightGBMFile"), light_boosting),
    "LightRegressor": light_regression,
}
