"""The model under test with everything that checks may look at; what is not there says why. The job makes it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.dummy import DummyClassifier, DummyRegressor

from mlregistry.ml import metrics, packaging, training_steps
from mlregistry.ml.compiling import probes
from mlregistry.ml.compiling.alone import FormAlone
from mlregistry.ml.compiling.scoring import CompiledModel
from mlregistry.ml.metrics import MAXIMIZE, Metric, Outcome
from mlregistry.ml.model_tests import check, expectations, limits
from mlregistry.ml.model_tests.answers import Told, told
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.signature import CLUSTER, RANKING, Signature
from mlregistry.ml.splits import Parts
from mlregistry.ml.supervised.fitting import outcome_of
from mlregistry.ml.supervised.table import Work

Array = npt.NDArray[Any]
Row = dict[str, Any]
MOST_ROWS = 1_000
MOST_MEASURED = 10_000
SEED = 20_060


@dataclass(frozen=True)
class Data:
    """The version's own table, prepared and parted as its training did."""

    work: Work
    parts: Parts


@dataclass(frozen=True)
class Rival:
    """The version that holds the alias now."""

    title: str
    model: Any
    signature: Signature


@dataclass
class Subject:
    """`missing` says by the name of a need why it is not there; `recorded` are the figures kept with the version.

    `frame` holds rows of the inputs as trained (None without data); `newest` those of the newest version of the data.
    """

    model: Any
    signature: Signature
    spec: ProblemSpec | None = None
    example: Sequence[Row] = ()
    recorded: Mapping[str, float] = field(default_factory=dict)
    data: Data | None = None
    frame: pd.DataFrame | None = None
    newest: pd.DataFrame | None = None
    rival: Rival | None = None
    compiled: CompiledModel | None = None
    tolerance: float = 1e-9
    compiled_tolerance: float = 1e-9
    file_bytes: int = 0
    reloads: Mapping[str, Callable[[], Any]] = field(default_factory=dict)
    declared: Sequence[expectations.Expectation] = ()
    bounds: Mapping[str, float] = field(default_factory=limits.bounds)
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        if self.signature.classes:
            return "classification"
        kinds = {RANKING: "recommendation", CLUSTER: "clustering"}
        return kinds.get(self.signature.output.type, "regression")

    def why_not(self, need: str) -> str:
        """Why something that a check needs is not there; nothing when it is."""
        there = {
            check.DATA: self.data is not None,
            check.CHAMPION: self.rival is not None,
            check.COMPILED: self.compiled is not None,
            check.NEWEST: self.newest is not None,
            check.FILE: bool(self.reloads),
        }
        return "" if there.get(need, False) else self.missing.get(need, f"There is no {need}.")

    def ask(self, rows: Sequence[Row], model: Any = None) -> dict[str, Any]:
        """What a request with these rows is answered by the model itself (or another one of the same signature)."""
        frame = self.signature.frame(rows, strict=True)
        asked = self.model if model is None else model
        if isinstance(asked, FormAlone):
            return asked.answer(frame)
        return packaging.predict(asked, self.signature, frame, {})

    def tell(self, rows: Sequence[Row]) -> Told:
        return told(self.ask(rows))

    @cached_property
    def looks_back(self) -> bool:
        """Whether an answer to a row depends on rows before it, by the recipe's own wish."""
        return hasattr(self.model, "steps") and training_steps.looks_back(self.model)

    @cached_property
    def rows(self) -> list[Row]:
        """Up to 1,000 rows as clients send them: of the data, else the example, else made from the signature."""
        if self.frame is not None and len(self.frame):
            return probes.plain_rows(self.frame, self.signature, MOST_ROWS)
        names = [one.name for one in self.signature.inputs]
        rows = [{name: row.get(name) for name in names} for row in self.example]
        return rows or [{one.name: made(one) for one in self.signature.inputs}]

    @cached_property
    def answers(self) -> Told:
        """To `rows`, asked once for all checks."""
        return self.tell(self.rows)

    @property
    def table(self) -> Data:
        """The data of a check that needs it."""
        if self.data is None:
            raise ValueError("There are no test rows.")
        return self.data

    @property
    def metric(self) -> Metric:
        return metrics.metric(self.table.work.spec.kind, self.table.work.spec.primary_metric)

    @cached_property
    def test_places(self) -> Array:
        return self._some(self.table.parts.test)

    @cached_property
    def train_places(self) -> Array:
        return self._some(self.table.parts.train)

    def _some(self, places: Array) -> Array:
        """All of them, or an even choice of 10,000."""
        if len(places) <= MOST_MEASURED:
            return places
        chosen = np.linspace(0, len(places) - 1, MOST_MEASURED).round().astype(int)
        return np.asarray(places[chosen])

    def outcome(self, places: Array, model: Any = None, *, after_training: bool = True) -> Outcome:
        """Truth and prediction of rows of the table; models that look back see the training rows before them."""
        frame = self.table.work.frame.iloc[places]
        return self.outcome_of(frame, places, model, after_training=after_training)

    def outcome_of(
        self, frame: pd.DataFrame, places: Array, model: Any = None, *, after_training: bool = True
    ) -> Outcome:
        """The same where the rows themselves were changed."""
        data, chosen = self.table, self.model if model is None else model
        before = data.work.frame.iloc[data.parts.train] if after_training else None
        with self._lenient(chosen):
            return outcome_of(data.work, chosen, frame, data.work.target[places], before)

    @contextmanager
    def _lenient(self, model: Any) -> Iterator[None]:
        if not hasattr(model, "steps"):
            yield
            return
        with training_steps.lenient(model):
            yield

    @cached_property
    def tested(self) -> Outcome:
        return self.outcome(self.test_places)

    @cached_property
    def fitted(self) -> Outcome:
        """On the rows that it was trained on."""
        return self.outcome(self.train_places, after_training=False)

    @cached_property
    def dull(self) -> Outcome:
        """What always saying the shares of the classes, or the mean, would give on the test rows."""
        work, train, test = self.table.work, self.table.parts.train, self.test_places
        nothing = np.zeros((len(work.target), 1))
        if not work.classes:
            mean = DummyRegressor().fit(nothing[train], work.target[train].astype(float))
            return Outcome(work.target[test], mean.predict(nothing[test]))
        truth = metrics.class_numbers(work.target, work.classes)
        shares = DummyClassifier(strategy="prior").fit(nothing[train], truth[train])
        found = np.zeros((len(test), len(work.classes)))
        found[:, shares.classes_] = shares.predict_proba(nothing[test])
        return Outcome(truth[test], found.argmax(axis=1), found, len(work.classes))

    def value(self, outcome: Outcome) -> float:
        """The problem's metric."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return float(self.metric.function(outcome))

    def gain(self, value: float, reference: float) -> float:
        """By how much the value is better than the reference, in units of the metric."""
        return value - reference if self.metric.direction == MAXIMIZE else reference - value

    def worse_by(self, value: float, reference: float) -> float:
        """By how much it is worse; of losses as a share: 1 − reference / value."""
        if self.metric.direction == MAXIMIZE:
            return reference - value
        return 1 - reference / value if value > 0 else 0.0

    def bound(self, name: str) -> float:
        """The limit of that name; where metrics are losses, the one of losses."""
        losses = f"{name}_of_losses"
        if losses in self.bounds and self.metric.direction != MAXIMIZE:
            return self.bounds[losses]
        return self.bounds[name]


def made(field: Any) -> Any:
    """A value that a column of this type may hold."""
    if field.type == "string":
        return field.categories[0] if field.categories else "text"
    return {"integer": 1, "float": 1.0, "boolean": True}.get(field.type, "2024-01-31T12:00:00")
