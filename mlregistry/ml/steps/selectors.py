"""The methods of the step `select`: one row each, any transformer with scikit-learn's get_support will do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sklearn.feature_selection import SelectKBest, VarianceThreshold, f_classif, f_regression

SelectorOf = Callable[[Mapping[str, Any], str, int], Any]  # options, kind of problem, seed


def _variance(options: Mapping[str, Any], kind: str, seed: int) -> Any:
    return VarianceThreshold(options["threshold"])


def _univariate(options: Mapping[str, Any], kind: str, seed: int) -> Any:
    return SelectKBest(f_regression if kind == "regression" else f_classif, k=options["n_features"])


SELECTORS: dict[str, SelectorOf] = {"variance": _variance, "univariate": _univariate}
