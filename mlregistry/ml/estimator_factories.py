"""Makes the estimators of the catalogue that are more than one class of scikit-learn. Called by the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from mlregistry.lib.lazily import lazily

if TYPE_CHECKING:
    from sklearn import ensemble, linear_model

    from mlregistry.ml import balancing, quantiles
else:
    balancing, quantiles = lazily("mlregistry.ml.balancing"), lazily("mlregistry.ml.quantiles")
    ensemble, linear_model = lazily("sklearn.ensemble"), lazily("sklearn.linear_model")


def weighted(factory: str | Callable[..., Any]) -> Callable[..., Any]:
    """The classifier of that class, its rows weighted by class where class_weight asks."""

    def make(class_weight: str | None = None, **params: Any) -> Any:
        made = (_class(factory) if isinstance(factory, str) else factory)(**params)
        return balancing.Balanced(made) if class_weight else made

    return make


def _class(name: str) -> Callable[..., Any]:
    module, _, last = name.rpartition(".")
    found: Callable[..., Any] = getattr(import_module(module), last)
    return found


def quantile_boosting(
    coverage: float, n_quantiles: int, conformal: bool, random_state: int, **params: Any
) -> Any:
    boosting = ensemble.HistGradientBoostingRegressor(
        loss="quantile", early_stopping=False, random_state=random_state, **params
    )
    return quantiles.Quantiles(boosting, coverage, n_quantiles, conformal, random_state)


def linear_quantiles(
    coverage: float, n_quantiles: int, conformal: bool, random_state: int, **params: Any
) -> Any:
    line = linear_model.QuantileRegressor(solver="highs", **params)
    return quantiles.Quantiles(line, coverage, n_quantiles, conformal, random_state)
