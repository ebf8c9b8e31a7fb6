"""One fold of a study: the preparation, the selectors and the estimator see its training rows only.

Called by the study, also with all rows, to choose the features that are offered in the end.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from mlregistry.errors import Invalid
from mlregistry.ml import estimators, metrics, training_steps
from mlregistry.ml.metrics import Outcome
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.recipes import Recipe
from mlregistry.ml.selection import methods
from mlregistry.ml.selection.methods import PCA
from mlregistry.ml.selection.origins import origins
from mlregistry.ml.selection.ranking import Array
from mlregistry.ml.selection.rows import Rows
from mlregistry.ml.steps import compiling
from mlregistry.ml.steps.catalogue import Making

MOST_COLUMNS = 3000


@dataclass(frozen=True)
class Measured:
    """The metric of one method and size in this fold, and which original features it kept (none for PCA)."""

    value: float
    n_kept: int
    kept: frozenset[str]
    seconds: float


@dataclass
class Fold:
    """The prepared matrices; `groups` numbers the feature of each column, `features` names them."""

    spec: ProblemSpec
    recipe: Recipe
    classes: list[Any]
    features: list[str]
    groups: Array
    inside: Array
    outside: Array
    y_inside: Array
    y_outside: Array
    known: dict[frozenset[str], float] = field(default_factory=dict)

    def selector(self, name: str, *, own: bool) -> tuple[Any, float]:
        """A fitted selector of this method, its features in order, and the seconds it took."""
        start = time.perf_counter()
        found = methods.make(
            name, kind=self.spec.kind, n_features=None if own else 1, groups=self.groups.tolist(),
            seed=self.recipe.seed,
        )  # fmt: skip
        if name == PCA:
            found.n_features = min(self.inside.shape)
        with _quiet():
            found.fit(self.inside, self.y_inside)
        return found, time.perf_counter() - start

    def measure(self, name: str, selector: Any, size: int | None) -> Measured:
        """The estimator on the method's best `size` features (None: its own number), on the rows held out."""
        start = time.perf_counter()
        if name == PCA:
            n_kept = min(size or selector.n_own_, len(selector.components_))
            inside, outside = (selector.transform(part)[:, :n_kept] for part in (self.inside, self.outside))
            value = self._value(inside, outside)
            return Measured(value, n_kept, frozenset(), time.perf_counter() - start)
        kept = frozenset(self.names(selector, size))
        if kept not in self.known:
            columns = np.isin([self.features[group] for group in self.groups], list(kept))
            self.known[kept] = self._value(self.inside[:, columns], self.outside[:, columns])
        return Measured(self.known[kept], len(kept), kept, time.perf_counter() - start)

    def names(self, selector: Any, size: int | None) -> list[str]:
        """The method's best features, best first."""
        return [self.features[number] for number in selector.order_[: size or selector.n_own_]]

    def everything(self) -> Measured:
        start = time.perf_counter()
        kept = frozenset(self.features)
        self.known[kept] = self._value(self.inside, self.outside)
        return Measured(self.known[kept], len(kept), kept, time.perf_counter() - start)

    def baseline(self) -> float:
        """What guessing from the target alone scores."""
        return self._value(self.inside[:, :1], self.outside[:, :1], "dummy", {})

    def _value(
        self, inside: Array, outside: Array, estimator: str = "", params: dict[str, Any] | None = None
    ) -> float:
        name = estimator or self.recipe.estimator
        model: Any = estimators.make(
            self.spec.kind, name, self.recipe.params if params is None else params, seed=self.recipe.seed
        )
        try:
            with _quiet():
                model.fit(inside, self.y_inside)
        except (ValueError, FloatingPointError, np.linalg.LinAlgError) as error:
            raise Invalid(f"The estimator could not be trained: {error}", field="estimator") from error
        chosen = metrics.metric(self.spec.kind, self.spec.primary_metric)
        return float(chosen.function(self._outcome(model, outside)))

    def _outcome(self, model: Any, X: Array) -> Outcome:
        if not self.classes:
            return Outcome(self.y_outside, np.asarray(model.predict(X), dtype=np.float64))
        places = metrics.class_numbers(np.asarray(model.classes_), self.classes)
        probabilities = np.zeros((len(X), len(self.classes)))
        probabilities[:, places] = model.predict_proba(X)
        truth = metrics.class_numbers(self.y_outside, self.classes)
        return Outcome(truth, probabilities.argmax(axis=1), probabilities, len(self.classes))


def prepare(spec: ProblemSpec, recipe: Recipe, rows: Rows, inside: Array, outside: Array) -> Fold:
    """Fit the recipe's steps on the inside rows and apply them to both; Invalid when the table grows too wide."""
    table = rows.frame[[*rows.features, spec.target]]
    for step in recipe.all_steps:
        if step.on_rows:
            inside = inside[compiling.kept_rows(step, table.iloc[inside], spec.target)]
    preparation = compiling.features(recipe.all_steps, Making(spec.kind, recipe.seed))
    frame = rows.frame[rows.features]
    pipeline = Pipeline([*preparation, ("estimator", "passthrough")])
    with _quiet():
        fitted = training_steps.fit_features(pipeline, frame.iloc[inside], rows.target[inside])
        held = np.asarray(pipeline[:-1].transform(frame.iloc[outside]), np.float64)
    if fitted.shape[1] > MOST_COLUMNS:
        raise Invalid(
            f"Prepared, the table has {fitted.shape[1]:,} columns; a study takes {MOST_COLUMNS:,}."
            " Allow fewer categories per column, or encode them as numbers.",
            field="preparation.max_categories",
        )
    places, groups = np.unique(origins(preparation, rows.features), return_inverse=True)
    features = [rows.features[place] for place in places]
    return Fold(
        spec, recipe, rows.classes, features, groups, fitted, held, rows.target[inside], rows.target[outside]
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Warnings of single fits among hundreds tell nothing that a user could act on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
