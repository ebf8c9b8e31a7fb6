"""The table of selection methods, one row each; loads scikit-learn only when a selector is made.

The doors list it, plans choose from it, the study and recipes make selectors from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from mlregistry.errors import Invalid

PCA = "pca"


@dataclass(frozen=True)
class Method:
    """One way to select; `own` says how many features it keeps when nobody names a number."""

    name: str
    title: str
    factory: str
    description: str
    own: str


def make(
    name: str, *, kind: str, n_features: int | None = None, groups: Sequence[int] | None = None, seed: int = 0
) -> Any:
    """A selector that keeps `n_features` (None: by its own rule) of a `kind` of problem.

    `groups` numbers the original feature of each prepared column; the columns of one feature stay together.
    """
    module, _, class_name = method(name).factory.rpartition(".")
    selector = getattr(import_module(f"mlregistry.ml.selection.{module}"), class_name)
    return selector(kind=kind, n_features=n_features, groups=groups, seed=seed)


def method(name: str) -> Method:
    """The row of that name, or Invalid that lists the known ones."""
    if name not in METHODS:
        raise Invalid(f"'{name}' is no selection method; choose from: {', '.join(METHODS)}.", field="methods")
    return METHODS[name]


def _table(*rows: Method) -> dict[str, Method]:
    return {row.name: row for row in rows}


METHODS = _table(
    Method(
        "variance",
        "Variance",
        "variance.VarianceSelector",
        "Prefers columns that vary most within their own range; does not look at the target.",
        "everything that varies",
    ),
    Method(
        "correlation",
        "Correlation pruning",
        "correlation.CorrelationSelector",
        "Groups features that say the same and keeps of each group the one closest to the target.",
        "one of each group correlated at 0.8 or more",
    ),
    Method(
        "mutual_information",
        "Mutual information",
        "information.InformationSelector",
        "How much one feature alone tells about the target, in any form of dependence.",
        "what tells more than the best of shuffled targets",
    ),
    Method(
        "forest",
        "Forest importance",
        "forest.ForestSelector",
        "How much the splits on a feature improve a random forest.",
        "what is above the mean importance",
    ),
    Method(
        "permutation",
        "Permutation importance",
        "permutation.PermutationSelector",
        "How much worse boosted trees predict held-out rows once the feature is shuffled.",
        "what costs more than chance when shuffled",
    ),
    Method(
        "l1",
        "L1 (Lasso)",
        "lasso.LassoSelector",
        "The order in which features enter a linear model as its penalty is relaxed.",
        "the fewest within one standard error of the best penalty",
    ),
    Method(
        "rfe",
        "Recursive elimination",
        "elimination.EliminationSelector",
        "Fits a linear model again and again, leaving out the feature that contributes least.",
        "the fewest within one standard error of the best size",
    ),
    Method(
        PCA,
        "Principal components",
        "components.Components",
        "Mixes all features into few components; keeps none of the original features.",
        "the components that hold 95 % of the variance",
    ),
)
