"""The families of estimators that "Just train it" tries: where each is searched, and the points it starts from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mlregistry.ml.boosting import packages
from mlregistry.ml.search_range import Range

DUMMY = "dummy"


def _log(low: float, high: float) -> Range:
    return Range(low, high, log=True)


def _whole(low: int, high: int, *, log: bool = True) -> Range:
    return Range(low, high, log=log, whole=True)


@dataclass(frozen=True)
class Family:
    """One estimator: its ranges, fixed params and `starts`, the first of which is measured in the first round.

    It is left out of tables with more than `most_rows` rows or `most_cells` cells. `quick` answers a request fast;
    what `leads` is often the best.
    """

    estimator: str
    ranges: Mapping[str, Range] = field(default_factory=dict)
    starts: tuple[dict[str, Any], ...] = ({},)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    most_rows: int = 10**9
    most_cells: int = 10**12
    quick: bool = False
    leads: bool = False

    def suits(self, n_rows: int, n_columns: int) -> bool:
        return n_rows <= self.most_rows and n_rows * n_columns <= self.most_cells


HISTOGRAM = {
    "learning_rate": _log(0.005, 0.3),
    "max_iter": _whole(20, 2000),
    "max_leaf_nodes": _whole(3, 255),
    "min_samples_leaf": _whole(2, 200),
    "l2_regularization": _log(1e-8, 100.0),
}


def _boosted(rate: float, n: int, leaves: int, least: int, l2: float = 1e-8) -> dict[str, Any]:
    return {
        "learning_rate": rate, "max_iter": n, "max_leaf_nodes": leaves, "min_samples_leaf": least,
        "l2_regularization": l2,
    }  # fmt: skip


def _network(size: int, layers: int, alpha: float, rate: float) -> dict[str, Any]:
    return {"hidden_layer_size": size, "n_layers": layers, "alpha": alpha, "learning_rate_init": rate}


NETWORK = {
    "hidden_layer_size": _whole(16, 256),
    "n_layers": _whole(1, 3, log=False),
    "alpha": _log(1e-6, 10.0),
    "learning_rate_init": _log(3e-4, 0.03),
}
NETWORKS = (_network(64, 2, 1e-3, 1e-3), _network(128, 2, 0.1, 2e-3), _network(32, 1, 1.0, 3e-3))
MOST_NETWORK_CELLS = 20_000_000
BOOSTED = (
    _boosted(0.1, 100, 31, 20), _boosted(0.04, 300, 15, 20), _boosted(0.05, 500, 31, 10, 1.0),
    _boosted(0.03, 200, 6, 10), _boosted(0.04, 800, 47, 20, 0.1),
)  # fmt: skip


def _forest(classes: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"min_samples_leaf": _whole(1, 50)}
    choices = Range(choices=("sqrt", "log2", None))
    return found | {"max_features": choices if classes else Range(0.1, 1.0)}


def _grown(leaf: int, features: Any) -> dict[str, Any]:
    return {"min_samples_leaf": leaf, "max_features": features}


def _neighbours() -> dict[str, Any]:
    return {
        "n_neighbors": _whole(1, 100), "weights": Range(choices=("uniform", "distance")), "p": Range(choices=(1, 2)),
    }  # fmt: skip


def _near(n: int, weights: str, p: int) -> dict[str, Any]:
    return {"n_neighbors": n, "weights": weights, "p": p}


def _light(rate: float, n: int, leaves: int, columns: float) -> dict[str, Any]:
    return {
        "learning_rate": rate, "n_estimators": n, "num_leaves": leaves, "min_child_samples": 10,
        "colsample_bytree": columns, "subsample": 0.8, "reg_lambda": 1.0,
    }  # fmt: skip


def _extreme(rate: float, n: int, depth: int, columns: float) -> dict[str, Any]:
    return {
        "learning_rate": rate, "n_estimators": n, "max_depth": depth, "min_child_weight": 2.0,
        "colsample_bytree": columns, "subsample": 0.8, "reg_lambda": 2.0,
    }  # fmt: skip


STAGED = Family(
    "gradient_boosting",
    {
        "learning_rate": _log(0.01, 0.3), "n_estimators": _whole(30, 400), "max_depth": _whole(1, 6, log=False),
        "subsample": Range(0.4, 1.0),
    },
    ({"learning_rate": 0.05, "n_estimators": 150, "max_depth": 3, "subsample": 0.6},),
    most_rows=3_000,
    quick=True,
)  # fmt: skip


LIGHT = Family(
    "lightgbm",
    {
        "learning_rate": _log(0.005, 0.3), "n_estimators": _whole(30, 2000), "num_leaves": _whole(3, 255),
        "min_child_samples": _whole(2, 200), "colsample_bytree": Range(0.3, 1.0), "subsample": Range(0.5, 1.0),
        "reg_lambda": _log(1e-6, 100.0),
    },
    (_light(0.05, 200, 15, 0.8), _light(0.03, 600, 40, 0.6)),
    quick=True,
)  # fmt: skip
EXTREME = Family(
    "xgboost",
    {
        "learning_rate": _log(0.005, 0.3), "n_estimators": _whole(30, 2000),
        "max_depth": _whole(2, 12, log=False), "min_child_weight": _log(0.5, 50.0),
        "colsample_bytree": Range(0.3, 1.0), "subsample": Range(0.5, 1.0), "reg_lambda": _log(1e-3, 100.0),
    },
    (_extreme(0.08, 200, 4, 0.8), _extreme(0.03, 600, 7, 0.6)),
    quick=True,
)  # fmt: skip


def _table(rows: Iterable[Family]) -> dict[str, Family]:
    """Those whose package is installed, where they need one."""
    return {row.estimator: row for row in rows if _is_there(row.estimator)}


def _is_there(estimator: str) -> bool:
    return packages.is_installed(packages.PACKAGES[estimator]) if estimator in packages.PACKAGES else True


CLASSIFICATION = _table(
    (
        Family(DUMMY, quick=True),
        Family("logistic_regression", {"C": _log(1e-4, 1e3)}, ({"C": 1.0}, {"C": 0.05}), quick=True),
        Family("hist_gradient_boosting", HISTOGRAM, BOOSTED, quick=True, leads=True),
        LIGHT,
        EXTREME,
        Family("extra_trees", _forest(True), (_grown(1, "sqrt"), _grown(5, None)), {"n_estimators": 200}),
        Family("random_forest", _forest(True), (_grown(2, "sqrt"),), {"n_estimators": 200}),
        Family("mlp", NETWORK, NETWORKS, quick=True, most_cells=MOST_NETWORK_CELLS),
        Family(
            "svm", {"C": _log(0.01, 1e3)}, ({"C": 1.0}, {"C": 10.0}), {"kernel": "rbf"}, most_rows=4_000
        ),
        Family(
            "k_nearest_neighbors",
            _neighbours(),
            (_near(15, "distance", 2), _near(5, "distance", 1)),
            most_rows=30_000,
        ),
        STAGED,
        Family("linear_discriminant", most_rows=50_000, most_cells=5_000_000, quick=True),
    )
)  # fmt: skip

REGRESSION = _table(
    (
        Family(DUMMY, quick=True),
        Family("ridge", {"alpha": _log(1e-3, 1e4)}, ({"alpha": 1.0}, {"alpha": 100.0}), quick=True),
        Family("hist_gradient_boosting", HISTOGRAM, BOOSTED, quick=True, leads=True),
        LIGHT,
        EXTREME,
        Family("extra_trees", _forest(False), (_grown(2, 0.5), _grown(1, 1.0)), {"n_estimators": 100}),
        Family("random_forest", _forest(False), (_grown(2, 0.4),), {"n_estimators": 100}),
        Family(
            "elastic_net",
            {"alpha": _log(1e-5, 1.0), "l1_ratio": Range(0.0, 1.0)},
            ({"alpha": 0.01, "l1_ratio": 0.5}, {"alpha": 0.1, "l1_ratio": 0.2}),
            most_cells=10_000_000,
            quick=True,
        ),
        Family("mlp", NETWORK, NETWORKS, quick=True, most_cells=MOST_NETWORK_CELLS),
        Family(
            "svm",
            {"C": _log(0.01, 1e3), "epsilon": _log(0.001, 1.0)},
            ({"C": 1.0, "epsilon": 0.1}, {"C": 10.0, "epsilon": 0.1}),
            {"kernel": "rbf"},
            most_rows=4_000,
        ),
        Family(
            "k_nearest_neighbors",
            _neighbours(),
            (_near(10, "distance", 2), _near(5, "distance", 1)),
            most_rows=30_000,
        ),
        STAGED,
    )
)  # fmt: skip

FAMILIES: dict[str, dict[str, Family]] = {"classification": CLASSIFICATION, "regression": REGRESSION}
