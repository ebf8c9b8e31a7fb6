"""Converters of trees and of what is made of them: forests, boosting, isolation."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor

from mlregistry.ml.compiling.converting import (
    DECISION,
    PROBABILITIES,
    VALUES,
    Converter,
    chain,
    convert,
    guarded,
    link,
    only,
)
from mlregistry.ml.compiling.forms import Array, Form, Unsupported
from mlregistry.ml.compiling.tree_arrays import Nodes, histogram_nodes, pack, tree_nodes


def forest(estimator: Any, wish: str) -> Form:
    """A forest or a single tree: the mean of what the leaves say."""
    is_classifier = hasattr(estimator, "classes_")
    only(wish, PROBABILITIES if is_classifier else VALUES)
    if is_classifier and estimator.n_outputs_ > 1:
        raise Unsupported("several targets at once have no compiled form")
    trees = getattr(estimator, "estimators_", None) or [estimator]
    nodes = [tree_nodes(tree.tree_, tree.tree_.value) for tree in trees]
    packed = pack("forest", nodes, estimator.n_features_in_)
    return packed if _takes_gaps(trees[0]) else guarded(packed)


def _takes_gaps(tree: Any) -> bool:
    return bool(tree._support_missing_values(np.zeros((1, 1))))


def gradient_boosting(estimator: Any, wish: str) -> Form:
    """The initial score and the trees' values times the learning rate."""
    rate, trees = estimator.learning_rate, estimator.estimators_
    nodes = [tree_nodes(tree.tree_, tree.tree_.value * rate) for tree in trees.ravel()]
    start = _start(estimator, trees.shape[1])
    scores = guarded(pack("boosted", nodes, estimator.n_features_in_, start=start))
    if not hasattr(estimator, "classes_"):
        only(wish, VALUES)
        return scores
    if wish == DECISION:
        return scores
    only(wish, PROBABILITIES)
    return chain(scores, link(_link_of(estimator, trees.shape[1])))


def _link_of(estimator: Any, n_outputs: int) -> str:
    if type(estimator._loss).__name__ == "ExponentialLoss":
        return "two_steep_sigmoid"
    return "two_sigmoid" if n_outputs == 1 else "softmax"


def _start(estimator: Any, n_outputs: int) -> Array:
    """What boosting begins with: nothing, or what a constant model says of any row."""
    if isinstance(estimator.init_, str):
        return np.zeros(n_outputs)
    if not isinstance(estimator.init_, DummyClassifier | DummyRegressor):
        raise Unsupported("boosting that begins with another model has no compiled form")
    row = np.zeros((1, estimator.n_features_in_), dtype=np.float32)
    found: Array = estimator._raw_predict_init(row)[0].astype(np.float64)
    return found


def histogram_boosting(estimator: Any, wish: str) -> Form:
    """Histogram gradient boosting, with its categories and its way of gaps."""
    known, known_row = estimator._bin_mapper.make_known_categories_bitsets()
    goes: list[Array] = []
    nodes: list[Nodes] = [
        histogram_nodes(one, known, known_row, goes) for stage in estimator._predictors for one in stage
    ]
    start = np.asarray(estimator._baseline_prediction, dtype=np.float64).ravel()
    table = np.array(goes, dtype=bool) if goes else None
    scores = pack("boosted", nodes, estimator.n_features_in_, goes=table, start=start)
    if estimator._preprocessor is not None:
        scores = chain(_encoded(estimator), scores)
    if hasattr(estimator, "classes_"):
        if wish == DECISION:
            return scores
        only(wish, PROBABILITIES)
        return chain(scores, link("two_sigmoid" if len(start) == 1 else "softmax"))
    only(wish, VALUES)
    name = type(estimator._loss.link).__name__
    return chain(scores, link("exp")) if name == "LogLink" else scores


def _encoded(estimator: Any) -> Form:
    """Categories as codes in front, the other columns behind, as its own column transformer has them."""
    encoder = estimator._preprocessor.named_transformers_["encoder"]
    width, is_category = estimator.n_features_in_, np.asarray(estimator.is_categorical_, dtype=bool)
    categories: list[list[Any]] = []
    for values in encoder.categories_:
        if np.asarray(values).dtype.kind not in "fiub":
            raise Unsupported("categories of text inside the estimator have no compiled form")
        categories.append([None if value != value else float(value) for value in values.tolist()])
    table = np.array([*range(max(map(len, categories), default=0)), np.nan], dtype=np.float64)
    gap = len(table) - 1
    rows = [[gap if value is None else row for row, value in enumerate(one)] for one in categories]
    options = {"categories": categories, "rows": rows, "unknown": [gap] * len(categories)}
    codes = chain(
        _taken(np.flatnonzero(is_category), width),
        Form("as_categories"),
        Form("lookup", options, {"table": table[:, None]}),
    )
    return Form("side_by_side", parts=(codes, _taken(np.flatnonzero(~is_category), width)))


def _taken(places: Array, width: int) -> Form:
    return Form("take", {"width": width}, {"places": places.astype(np.int32)})


def ada_boost(estimator: Any, wish: str) -> Form:
    """The weighted votes of trees (SAMME), or the weighted median of trees that give numbers."""
    members = estimator.estimators_
    if not all(hasattr(member, "tree_") for member in members):
        raise Unsupported("AdaBoost of other models than trees has no compiled form")
    weights = np.asarray(estimator.estimator_weights_[: len(members)], dtype=np.float64)
    if not hasattr(estimator, "classes_"):
        only(wish, VALUES)
        nodes = [tree_nodes(member.tree_, member.tree_.value) for member in members]
        each = guarded(pack("each_tree", nodes, estimator.n_features_in_))
        return chain(each, Form("weighted_median", arrays={"weights": weights}))
    n_classes = len(estimator.classes_)
    nodes = [tree_nodes(member.tree_, _chosen(estimator, member)) for member in members]
    each = guarded(pack("each_tree", nodes, estimator.n_features_in_))
    scores = Form("votes", {"n_classes": n_classes}, {"weights": weights}, (each,))
    if wish == DECISION:
        return scores
    only(wish, PROBABILITIES)
    mirrored = (
        chain(link("mirrored"), Form("over", {"by": 2}))
        if n_classes == 2
        else Form("over", {"by": n_classes - 1})
    )
    return chain(scores, mirrored, link("softmax"))


def _chosen(estimator: Any, member: Any) -> Array:
    """The number, among all classes, of the class that each node would choose."""
    numbers = np.searchsorted(estimator.classes_, member.classes_)
    found: Array = numbers[member.tree_.value[:, 0, :].argmax(axis=1)]
    return found.astype(np.float64)


def isolation_forest(estimator: Any, wish: str) -> Form:
    only(wish, DECISION)
    lengths = zip(estimator._decision_path_lengths, estimator._average_path_length_per_tree, strict=True)
    nodes = []
    for tree, features, (steps, rest) in zip(
        estimator.estimators_, estimator.estimators_features_, lengths, strict=True
    ):
        one = tree_nodes(tree.tree_, (steps + rest - 1.0)[:, None])
        nodes.append(
            Nodes(
                one.left,
                one.right,
                np.asarray(features)[one.feature],
                one.threshold,
                one.missing_left,
                one.values,
            )
        )
    each = pack("each_tree", nodes, estimator.n_features_in_)
    usual = _average_length(estimator._max_samples) * len(estimator.estimators_)
    options = {"denominator": float(usual), "offset": float(estimator.offset_)}
    return guarded(chain(each, Form("isolation", options)), allows="bounded")


def _average_length(n: float) -> float:
    """The mean depth of an unsuccessful search in a tree of n rows (Liu, Ting and Zhou 2008)."""
    if n <= 1:
        return 0.0
    return 1.0 if n <= 2 else 2.0 * (np.log(n - 1.0) + np.euler_gamma) - 2.0 * (n - 1.0) / n


def bagging(estimator: Any, wish: str) -> Form:
    """The mean over members, each on its own columns."""
    only(wish, PROBABILITIES if hasattr(estimator, "classes_") else VALUES)
    parts = []
    for member, places in zip(estimator.estimators_, estimator.estimators_features_, strict=True):
        if wish == PROBABILITIES and len(member.classes_) != len(estimator.classes_):
            raise Unsupported("members that know other classes have no compiled form")
        parts.append(chain(_taken(np.asarray(places), estimator.n_features_in_), convert(member, wish)))
    return guarded(Form("mean", arrays={"weights": np.ones(len(parts))}, parts=tuple(parts)))


TREES = ("DecisionTree{}", "ExtraTree{}", "RandomForest{}", "ExtraTrees{}")
KINDS = ("Classifier", "Regressor")
TABLE: dict[str, Converter] = {
    **{name.format(kind): forest for name in TREES for kind in KINDS},
    **{f"GradientBoosting{kind}": gradient_boosting for kind in KINDS},
    **{f"HistGradientBoosting{kind}": histogram_boosting for kind in KINDS},
    **{f"AdaBoost{kind}": ada_boost for kind in KINDS},
    **{f"Bagging{kind}": bagging for kind in KINDS},
    "IsolationForest": isolation_forest,
}
