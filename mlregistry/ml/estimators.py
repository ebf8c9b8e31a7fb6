"""The catalogue of estimators per kind of problem, one table row each.

Recipes choose from it, pipelines make them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sklearn import (
    discriminant_analysis,
    dummy,
    ensemble,
    linear_model,
    naive_bayes,
    neighbors,
    neural_network,
    svm,
    tree,
)
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.preprocessing import StandardScaler

from mlregistry.errors import Invalid


@dataclass(frozen=True)
class Param:
    """What one parameter may be: a whole number, a number, a choice or a switch; None only where nullable."""

    default: Any
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[Any, ...] = ()
    nullable: bool = False
    whole: bool = False


@dataclass(frozen=True)
class Entry:
    """One estimator; `make(params, seed)` builds it, `params` are the defaults, `allowed` says what may be set."""

    name: str
    title: str
    make: Callable[[Mapping[str, Any], int], BaseEstimator]
    params: dict[str, Any]
    description: str
    allowed: dict[str, Param]


def make(kind: str, name: str, params: Mapping[str, Any], *, seed: int) -> BaseEstimator:
    """A fresh estimator with checked params; every source of chance in it starts from `seed`."""
    entry = CATALOGUE.get(kind, {}).get(name)
    if entry is None:
        raise Invalid(f"'{name}' is no estimator for {kind}.", field="estimator")
    return entry.make(check_params(entry, params), seed)


def check_params(entry: Entry, given: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults with the given params over them; Invalid names the parameter."""
    for name, value in given.items():
        rule = entry.allowed.get(name)
        if rule is None:
            known = ", ".join(entry.allowed) or "none"
            raise Invalid(f"{entry.title} has no parameter '{name}'; known: {known}.", field=f"params.{name}")
        if not _fits(value, rule):
            raise Invalid(f"{entry.title}: '{name}' is {_wanted(rule)}.", field=f"params.{name}")
    return {**entry.params, **given}


def _fits(value: Any, rule: Param) -> bool:
    if value is None:
        return rule.nullable
    if rule.choices:
        return any(value == choice and isinstance(value, type(choice)) for choice in rule.choices)
    if isinstance(value, bool) or not isinstance(value, int if rule.whole else int | float):
        return False
    return math.isfinite(value) and rule.low <= value <= rule.high


def _wanted(rule: Param) -> str:
    if rule.choices:
        wanted = "one of: " + ", ".join(str(choice) for choice in rule.choices)
    else:
        wanted = f"a {'whole ' if rule.whole else ''}number from {rule.low:g} to {rule.high:g}"
    return wanted + (" or null" if rule.nullable else "")


def _whole(default: int | None, low: int, high: int) -> Param:
    return Param(default, low, high, nullable=default is None, whole=True)


def _number(default: float, low: float, high: float) -> Param:
    return Param(default, low, high)


def _choice(*choices: Any, nullable: bool = False) -> Param:
    return Param(choices[0] if not nullable else None, choices=choices, nullable=nullable)


def _entry(
    name: str, title: str, factory: Any, description: str, *, fixed: Mapping[str, Any] | None = None,
    seeded: bool = False, wrap: Callable[[Any], BaseEstimator] = lambda made: made, **allowed: Param,
) -> Entry:  # fmt: skip
    def build(params: Mapping[str, Any], seed: int) -> BaseEstimator:
        chance = {"random_state": seed} if seeded else {}
        return wrap(factory(**dict(fixed or {}), **params, **chance))

    return Entry(
        name, title, build, {key: rule.default for key, rule in allowed.items()}, description, allowed
    )


def _calibrated(classifier: Any) -> BaseEstimator:
    """Probabilities for a classifier that has none: Platt's sigmoid on out-of-fold decisions."""
    return CalibratedClassifierCV(classifier, method="sigmoid", cv=3, ensemble=False)


def _scaled_target(regressor: Any) -> BaseEstimator:
    """Fitted on the standardised target, so that penalties mean the same whatever the target's unit."""
    return TransformedTargetRegressor(regressor, transformer=StandardScaler())


TREE: dict[str, Any] = {
    "max_depth": _whole(None, 1, 100),
    "min_samples_leaf": _whole(1, 1, 10_000),
}
FOREST: dict[str, Any] = {
    "n_estimators": _whole(200, 1, 2000),
    "max_depth": _whole(None, 1, 100),
    "min_samples_leaf": _whole(2, 1, 10_000),
    "max_features": Param("sqrt", choices=("sqrt", "log2"), nullable=True),
}
FOREST_REGRESSION: dict[str, Any] = {
    **FOREST, "n_estimators": _whole(100, 1, 2000), "max_features": _number(0.5, 0.01, 1.0),
}  # fmt: skip
HISTOGRAM: dict[str, Any] = {
    "learning_rate": _number(0.1, 0.001, 1.0),
    "max_iter": _whole(200, 1, 5000),
    "max_leaf_nodes": _whole(31, 2, 1000),
    "min_samples_leaf": _whole(20, 1, 10_000),
    "l2_regularization": _number(0.0, 0.0, 1e6),
}
BOOSTING: dict[str, Any] = {
    "learning_rate": _number(0.1, 0.001, 1.0),
    "n_estimators": _whole(100, 1, 2000),
    "max_depth": _whole(3, 1, 30),
    "subsample": _number(1.0, 0.1, 1.0),
}
NEIGHBOURS: dict[str, Any] = {
    "n_neighbors": _whole(15, 1, 500), "weights": _choice("uniform", "distance"), "p": Param(2, choices=(1, 2)),
}  # fmt: skip
NETWORK: dict[str, Any] = {
    "hidden_layer_size": _whole(64, 1, 1024),
    "n_layers": _whole(1, 1, 4),
    "alpha": _number(0.001, 0.0, 1e3),
    "learning_rate_init": _number(0.001, 1e-5, 1.0),
    "max_iter": _whole(100, 1, 2000),
}
BALANCE = _choice("balanced", nullable=True)


def _classifier_network(hidden_layer_size: int, n_layers: int, **params: Any) -> Any:
    return neural_network.MLPClassifier(hidden_layer_sizes=(hidden_layer_size,) * n_layers, **params)


def _regressor_network(hidden_layer_size: int, n_layers: int, **params: Any) -> Any:
    return neural_network.MLPRegressor(hidden_layer_sizes=(hidden_layer_size,) * n_layers, **params)


def _table(*entries: Entry) -> dict[str, Entry]:
    return {entry.name: entry for entry in entries}


CLASSIFICATION = _table(
    _entry(
        "dummy",
        "Baseline",
        dummy.DummyClassifier,
        "Predicts the shares of the classes, whatever the features.",
        seeded=True,
        strategy=_choice("prior", "most_frequent", "stratified", "uniform"),
    ),
    _entry(
        "logistic_regression",
        "Logistic regression",
        linear_model.LogisticRegression,
        "A weighted sum of the features; quick, and its weights can be read.",
        seeded=True,
        C=_number(1.0, 1e-6, 1e6),
        max_iter=_whole(1000, 1, 100_000),
        class_weight=BALANCE,
    ),
    _entry(
        "decision_tree",
        "Decision tree",
        tree.DecisionTreeClassifier,
        "One tree of yes-or-no questions; easy to explain, rarely the best.",
        seeded=True,
        **{**TREE, "max_depth": Param(6, 1, 100, nullable=True, whole=True)},
        class_weight=BALANCE,
    ),
    _entry(
        "random_forest",
        "Random forest",
        ensemble.RandomForestClassifier,
        "Many trees on random samples, averaged; robust with little tuning.",
        seeded=True,
        **FOREST,
        class_weight=BALANCE,
    ),
    _entry(
        "extra_trees",
        "Extra trees",
        ensemble.ExtraTreesClassifier,
        "A forest with random cuts; quicker and smoother than a random forest.",
        seeded=True,
        **FOREST,
        class_weight=BALANCE,
    ),
    _entry(
        "hist_gradient_boosting",
        "Histogram gradient boosting",
        ensemble.HistGradientBoostingClassifier,
        "Trees that correct each other, on binned features; strong on larger tables.",
        seeded=True,
        fixed={"early_stopping": False},
        **{**HISTOGRAM, "learning_rate": _number(0.05, 0.001, 1.0), "max_leaf_nodes": _whole(15, 2, 1000)},
    ),
    _entry(
        "gradient_boosting",
        "Gradient boosting",
        ensemble.GradientBoostingClassifier,
        "Shallow trees that correct each other; strong on small tables, slow on large ones.",
        seeded=True,
        **BOOSTING,
    ),
    _entry(
        "ada_boost",
        "AdaBoost",
        ensemble.AdaBoostClassifier,
        "Stumps, each looking harder at what the ones before got wrong.",
        seeded=True,
        n_estimators=_whole(100, 1, 2000),
        learning_rate=_number(0.5, 0.001, 10.0),
    ),
    _entry(
        "svm",
        "Support vector machine",
        svm.SVC,
        "The widest margin between the classes, curved by a kernel.",
        seeded=True,
        wrap=_calibrated,
        C=_number(1.0, 1e-4, 1e4),
        kernel=_choice("rbf", "linear", "poly"),
        class_weight=BALANCE,
    ),
    _entry(
        "k_nearest_neighbors",
        "Nearest neighbours",
        neighbors.KNeighborsClassifier,
        "Asks the most similar training rows.",
        **NEIGHBOURS,
    ),
    _entry(
        "gaussian_naive_bayes",
        "Gaussian naive Bayes",
        naive_bayes.GaussianNB,
        "Treats features as independent bell curves; needs little data.",
        var_smoothing=_number(1e-9, 0.0, 1.0),
    ),
    _entry(
        "linear_discriminant",
        "Linear discriminant analysis",
        discriminant_analysis.LinearDiscriminantAnalysis,
        "Straight borders between classes of equal spread.",
        solver=_choice("svd", "lsqr"),
    ),
    _entry(
        "mlp",
        "Neural network",
        _classifier_network,
        "Layers of neurons; wants scaled features and enough rows.",
        seeded=True,
        **NETWORK,
    ),
)

REGRESSION = _table(
    _entry(
        "dummy",
        "Baseline",
        dummy.DummyRegressor,
        "Predicts the mean or median of the target, whatever the features.",
        strategy=_choice("mean", "median"),
    ),
    _entry(
        "linear_regression",
        "Linear regression",
        linear_model.LinearRegression,
        "A weighted sum of the features by least squares.",
    ),
    _entry(
        "ridge",
        "Ridge",
        linear_model.Ridge,
        "Linear regression with small weights preferred.",
        seeded=True,
        alpha=_number(1.0, 0.0, 1e6),
    ),
    _entry(
        "lasso",
        "Lasso",
        linear_model.Lasso,
        "Linear regression that sets useless weights to zero.",
        seeded=True,
        wrap=_scaled_target,
        alpha=_number(0.001, 1e-6, 1e3),
        max_iter=_whole(5000, 1, 100_000),
    ),
    _entry(
        "elastic_net",
        "Elastic net",
        linear_model.ElasticNet,
        "Between ridge and lasso.",
        seeded=True,
        wrap=_scaled_target,
        alpha=_number(0.001, 1e-6, 1e3),
        l1_ratio=_number(0.5, 0.0, 1.0),
        max_iter=_whole(5000, 1, 100_000),
    ),
    _entry(
        "bayesian_ridge",
        "Bayesian ridge",
        linear_model.BayesianRidge,
        "Ridge that finds its own penalty.",
        max_iter=_whole(300, 1, 100_000),
    ),
    _entry(
        "huber",
        "Huber regression",
        linear_model.HuberRegressor,
        "Linear regression that outliers pull less.",
        wrap=_scaled_target,
        epsilon=_number(1.35, 1.0, 100.0),
        alpha=_number(0.0001, 0.0, 1e6),
        max_iter=_whole(1000, 1, 100_000),
    ),
    _entry(
        "decision_tree",
        "Decision tree",
        tree.DecisionTreeRegressor,
        "One tree of yes-or-no questions; easy to explain, rarely the best.",
        seeded=True,
        **{**TREE, "max_depth": Param(8, 1, 100, nullable=True, whole=True)},
    ),
    _entry(
        "random_forest",
        "Random forest",
        ensemble.RandomForestRegressor,
        "Many trees on random samples, averaged; robust with little tuning.",
        seeded=True,
        **FOREST_REGRESSION,
    ),
    _entry(
        "extra_trees",
        "Extra trees",
        ensemble.ExtraTreesRegressor,
        "A forest with random cuts; quicker and smoother than a random forest.",
        seeded=True,
        **FOREST_REGRESSION,
    ),
    _entry(
        "hist_gradient_boosting",
        "Histogram gradient boosting",
        ensemble.HistGradientBoostingRegressor,
        "Trees that correct each other, on binned features; strong on larger tables.",
        seeded=True,
        fixed={"early_stopping": False},
        **HISTOGRAM,
    ),
    _entry(
        "gradient_boosting",
        "Gradient boosting",
        ensemble.GradientBoostingRegressor,
        "Shallow trees that correct each other; strong on small tables, slow on large ones.",
        seeded=True,
        **BOOSTING,
    ),
    _entry(
        "svm",
        "Support vector machine",
        svm.SVR,
        "A tube around the data, curved by a kernel; slow above 20,000 rows.",
        wrap=_scaled_target,
        C=_number(1.0, 1e-4, 1e4),
        epsilon=_number(0.1, 0.0, 100.0),
        kernel=_choice("rbf", "linear", "poly"),
    ),
    _entry(
        "k_nearest_neighbors",
        "Nearest neighbours",
        neighbors.KNeighborsRegressor,
        "The mean of the most similar training rows.",
        **{**NEIGHBOURS, "n_neighbors": _whole(10, 1, 500)},
    ),
    _entry(
        "mlp",
        "Neural network",
        _regressor_network,
        "Layers of neurons; wants scaled features and enough rows.",
        seeded=True,
        wrap=_scaled_target,
        **NETWORK,
    ),
)

CATALOGUE: dict[str, dict[str, Entry]] = {"classification": CLASSIFICATION, "regression": REGRESSION}
