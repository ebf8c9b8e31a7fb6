"""What estimates a regression's errors before truths come: two models of the loss, and how rows become their figures.

Made with a version's baseline, kept with it as JSON, asked about the rows of a window. Called by jobs and queries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlregistry.lib.floats import as_float
from mlregistry.lib.lazily import lazily
from mlregistry.ml.drift.values import label
from mlregistry.ml.monitoring import estimated, trees
from mlregistry.ml.monitoring.estimated import LossEstimate, LossModel
from mlregistry.ml.profiling.codec import decoded, encoded

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
else:
    np = lazily("numpy")

FORMAT = 1
MOST_LABELS = 30
MOST_COLUMNS = 200
NUMBERS = ("integer", "float")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class CodedColumn:
    """An input as a figure: a number as it is, of a category its rank by frequency, the rare ones together."""

    name: str
    labels: tuple[str, ...] | None = None  # of categories

    def figures(self, rows: Sequence[Row]) -> list[float]:
        if self.labels is None:
            return [_number(row.get(self.name)) for row in rows]
        ranks = {text: float(rank) for rank, text in enumerate(self.labels)}
        rare = float(len(ranks))
        values = [row.get(self.name) for row in rows]
        return [float("nan") if value is None else ranks.get(label(value), rare) for value in values]


@dataclass(frozen=True)
class RowLoss:
    """The loss by rows of JSON values."""

    format: int
    columns: tuple[CodedColumn, ...]
    loss: LossModel

    def estimate(self, rows: Sequence[Row], predicted: Floats) -> LossEstimate:
        """Of rows without truth."""
        return self.loss.estimate(_matrix(self.columns, rows), predicted)

    def to_json(self) -> dict[str, Any]:
        found: dict[str, Any] = encoded(self)
        return found


def learnt(types: Mapping[str, str], rows: Sequence[Row], predicted: Floats, truth: Floats) -> RowLoss:
    """From rows whose truth is known and that the model was not trained on; `types` are those of the signature."""
    columns = tuple(_column(name, kind, rows) for name, kind in list(types.items())[:MOST_COLUMNS])
    return RowLoss(FORMAT, columns, estimated.regression(_matrix(columns, rows), predicted, truth))


def from_json(data: Any) -> RowLoss:
    """Invalid when it is no such document."""
    found = decoded(RowLoss, data, format=FORMAT, title="estimate of the loss")
    for one in (found.loss.size, found.loss.square):
        trees.checked(one)
    return found


def _column(name: str, kind: str, rows: Sequence[Row]) -> CodedColumn:
    if kind in NUMBERS:
        return CodedColumn(name)
    counts = Counter(label(value) for row in rows if (value := row.get(name)) is not None)
    return CodedColumn(name, tuple(text for text, _ in counts.most_common(MOST_LABELS)))


def _matrix(columns: Sequence[CodedColumn], rows: Sequence[Row]) -> Floats:
    if not columns:
        return np.zeros((len(rows), 0))
    found: Floats = np.column_stack([np.array(column.figures(rows)) for column in columns])
    return found


def _number(value: Any) -> float:
    return as_float(value) if isinstance(value, int | float) else float("nan")
