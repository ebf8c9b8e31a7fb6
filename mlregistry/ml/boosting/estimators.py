"""The rows of LightGBM and XGBoost in the catalogue, where they are installed. ml.estimators puts them there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mlregistry.lib.lazily import lazily
from mlregistry.ml import estimator_factories as factories
from mlregistry.ml.boosting import packages
from mlregistry.ml.estimator_entry import Entry, entry, number, whole
from mlregistry.ml.estimator_params import BALANCE, QUANTILES

if TYPE_CHECKING:
    from mlregistry.ml import quantiles
    from mlregistry.ml.boosting import light
else:
    quantiles, light = lazily("mlregistry.ml.quantiles"), lazily("mlregistry.ml.boosting.light")

HERE = "mlregistry.ml.boosting"
GROWN: dict[str, Any] = {
    "n_estimators": whole(200, 1, 5000).over(50, 800, log=True),
    "learning_rate": number(0.1, 0.001, 1.0).over(0.01, 0.3, log=True),
    "subsample": number(1.0, 0.05, 1.0).over(0.5, 1.0),
    "colsample_bytree": number(1.0, 0.05, 1.0).over(0.4, 1.0),
    "reg_alpha": number(0.0, 0.0, 1e6),
    "early_stopping_rounds": whole(None, 1, 1000),
}
LIGHT: dict[str, Any] = {
    **GROWN,
    "num_leaves": whole(31, 2, 1000).over(4, 128, log=True),
    "max_depth": whole(None, 1, 100),
    "min_child_samples": whole(20, 1, 10_000).over(2, 100, log=True),
    "reg_lambda": number(0.0, 0.0, 1e6).over(1e-6, 10.0, log=True),
}
EXTREME: dict[str, Any] = {
    **GROWN,
    "max_depth": whole(6, 1, 30).over(2, 10),
    "min_child_weight": number(1.0, 0.0, 1e6).over(0.5, 50.0, log=True),
    "gamma": number(0.0, 0.0, 1e6),
    "reg_lambda": number(1.0, 0.0, 1e6).over(1e-3, 30.0, log=True),
}


def _quantiles(coverage: float, n_quantiles: int, conformal: bool, random_state: int, **params: Any) -> Any:
    boosting = light.LightRegressor(random_state=random_state, **params)
    return quantiles.Quantiles(boosting, coverage, n_quantiles, conformal, random_state)


LIGHT_WORDS = (
    "Trees that grow where they help most, by the package LightGBM; quick and strong on larger tables."
)
EXTREME_WORDS = "Trees of even depth with penalised leaves, by the package XGBoost; strong on most tables."
CLASSIFIERS = (
    entry(
        "lightgbm", "LightGBM", factories.weighted(f"{HERE}.light.LightClassifier"), LIGHT_WORDS, seeded=True,
        **LIGHT, class_weight=BALANCE,
    ),
    entry(
        "xgboost", "XGBoost", factories.weighted(f"{HERE}.extreme.ExtremeClassifier"), EXTREME_WORDS, seeded=True,
        **EXTREME, class_weight=BALANCE,
    ),
)  # fmt: skip
REGRESSORS = (
    entry("lightgbm", "LightGBM", f"{HERE}.light.LightRegressor", LIGHT_WORDS, seeded=True, **LIGHT),
    entry("xgboost", "XGBoost", f"{HERE}.extreme.ExtremeRegressor", EXTREME_WORDS, seeded=True, **EXTREME),
    entry(
        "lightgbm_quantiles",
        "LightGBM quantiles",
        _quantiles,
        "LightGBM's trees for the median and the range that a share of the values lies in.",
        seeded=True,
        **{**LIGHT, "n_estimators": whole(100, 1, 5000)},
        **QUANTILES,
    ),
)


def installed(rows: Iterable[Entry]) -> list[Entry]:
    """Those whose package is there."""
    return [row for row in rows if packages.is_installed(packages.PACKAGES[row.name])]
