"""The methods of the step `select`: one row each, any transformer that scikit-learn's Pipeline takes will do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sklearn.feature_selection import SelectFdr, SelectKBest, VarianceThreshold, f_classif, f_regression

from mlregistry.ml.selection import methods

SelectorOf = Callable[[Mapping[str, Any], str, int], Any]  # options, kind of problem, seed


def _variance(options: Mapping[str, Any], kind: str, seed: int) -> Any:
    return VarianceThreshold(options["threshold"])


def _univariate(options: Mapping[str, Any], kind: str, seed: int) -> Any:
    """Its own number: what passes Benjamini and Hochberg (1995) at 5 % false discoveries."""
    test = f_regression if kind == "regression" else f_classif
    if options["n_features"] is None:
        return SelectFdr(test, alpha=0.05)
    return SelectKBest(test, k=options["n_features"])


def _ranked(name: str, options: Mapping[str, Any], kind: str, seed: int) -> Any:
    return methods.make(name, kind=kind, n_features=options["n_features"], seed=seed)


SELECTORS: dict[str, SelectorOf] = {
    **{name: partial(_ranked, name) for name in methods.METHODS},
    "variance": _variance,
    "univariate": _univariate,
}
