"""Parameters that several estimators of the catalogue share, with their ranges. Called by the catalogue."""

from __future__ import annotations

from typing import Any

from mlregistry.ml.estimator_entry import Param, choice, number, whole

PRUNING = number(0.0, 0.0, 1e12)
TREE: dict[str, Any] = {
    "max_depth": whole(None, 1, 100),
    "min_samples_leaf": whole(1, 1, 10_000).over(1, 100, log=True),
    "ccp_alpha": PRUNING,
}
FOREST: dict[str, Any] = {
    "n_estimators": whole(200, 1, 2000),
    "max_depth": whole(None, 1, 100),
    "min_samples_leaf": whole(2, 1, 10_000).over(1, 50, log=True),
    "max_features": Param("sqrt", choices=("sqrt", "log2"), nullable=True).among(),
    "ccp_alpha": PRUNING,
}
FOREST_REGRESSION: dict[str, Any] = {
    **FOREST, "n_estimators": whole(100, 1, 2000), "max_features": number(0.5, 0.01, 1.0).over(0.1, 1.0),
}  # fmt: skip
HISTOGRAM: dict[str, Any] = {
    "learning_rate": number(0.1, 0.001, 1.0).over(0.01, 0.3, log=True),
    "max_iter": whole(200, 1, 5000).over(50, 500, log=True),
    "max_leaf_nodes": whole(31, 2, 1000).over(4, 128, log=True),
    "min_samples_leaf": whole(20, 1, 10_000).over(2, 100, log=True),
    "l2_regularization": number(0.0, 0.0, 1e6).over(1e-6, 10.0, log=True),
}
BOOSTING: dict[str, Any] = {
    "learning_rate": number(0.1, 0.001, 1.0).over(0.01, 0.3, log=True),
    "n_estimators": whole(100, 1, 2000).over(50, 400, log=True),
    "max_depth": whole(3, 1, 30).over(1, 8),
    "subsample": number(1.0, 0.1, 1.0).over(0.5, 1.0),
    "ccp_alpha": PRUNING,
}
NEIGHBOURS: dict[str, Any] = {
    "n_neighbors": whole(15, 1, 500).over(1, 100, log=True),
    "weights": choice("uniform", "distance").among(), "p": Param(2, choices=(1, 2)).among(),
}  # fmt: skip
NETWORK: dict[str, Any] = {
    "hidden_layer_size": whole(64, 1, 1024).over(16, 256, log=True),
    "n_layers": whole(1, 1, 4).over(1, 3),
    "alpha": number(0.001, 0.0, 1e3).over(1e-6, 0.1, log=True),
    "learning_rate_init": number(0.001, 1e-5, 1.0).over(1e-4, 0.1, log=True),
    "max_iter": whole(100, 1, 2000),
}
BALANCE = choice("balanced", nullable=True).among()
QUANTILES: dict[str, Any] = {
    "coverage": number(0.8, 0.02, 0.98),
    "n_quantiles": choice(3, 5, 7, 9),
    "conformal": choice(True, False),
}
