"""A model's answers side by side, whatever its kind: labels and numbers per row. Checks compare with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlregistry.errors import Invalid

Array = npt.NDArray[Any]
Row = dict[str, Any]
Score = Callable[[Sequence[Row]], Mapping[str, Any]]
ANSWERED, REFUSED, CRASHED, UNFIT = "answered", "refused", "crashed", "no number"
TIE = 1e-9  # two classes so close together may change places by the last bit of a sum
TIE_OF_SCORES = 1e-5  # recommenders add in 32 bits


@dataclass(frozen=True)
class Told:
    """Per row a label (None for a regression) and the numbers behind it; rows × numbers."""

    labels: list[Any]
    numbers: Array
    tie: float = TIE

    def __len__(self) -> int:
        return len(self.labels)

    def at(self, rows: Any) -> Told:
        return Told([self.labels[place] for place in rows], self.numbers[rows], self.tie)


def told(answer: Mapping[str, Any]) -> Told:
    """What `packaging.predict` answered, row by row."""
    predictions = answer["predictions"]
    if "probabilities" in answer:
        return Told(
            list(predictions),
            np.array(answer["probabilities"], dtype=np.float64).reshape(len(predictions), -1),
        )
    if "quantiles" in answer:
        numbers = [list(row.values()) for row in answer["quantiles"]]
        return Told(
            [None] * len(predictions), np.array(numbers, dtype=np.float64).reshape(len(predictions), -1)
        )
    if predictions and isinstance(predictions[0], list):
        return _lists(predictions)
    if all(isinstance(value, int) for value in predictions):
        return Told(list(predictions), np.empty((len(predictions), 0)))
    return Told([None] * len(predictions), np.array(predictions, dtype=np.float64).reshape(-1, 1))


def _lists(predictions: Sequence[Any]) -> Told:
    longest = max((len(row) for row in predictions), default=0)
    numbers = np.zeros((len(predictions), longest))
    for place, row in enumerate(predictions):
        numbers[place, : len(row)] = [one["score"] for one in row]
    return Told([tuple(one["item"] for one in row) for row in predictions], numbers, TIE_OF_SCORES)


def apart(one: Told, other: Told) -> Array:
    """Per row the largest difference (beyond ±1 as a share); infinite where the label is another one."""
    if one.numbers.shape != other.numbers.shape:
        return np.full(len(one), np.inf)
    size = np.maximum(1.0, np.abs(one.numbers))
    with np.errstate(all="ignore"):
        distance = np.abs(one.numbers - other.numbers) / size
    distance[(one.numbers == other.numbers) | (np.isnan(one.numbers) & np.isnan(other.numbers))] = 0.0
    distance[np.isnan(distance)] = np.inf
    if one.tie > TIE:
        distance[distance <= one.tie] = 0.0
    found: Array = distance.max(axis=1) if distance.shape[1] else np.zeros(len(one))
    for place, (label, second) in enumerate(zip(one.labels, other.labels, strict=True)):
        if label != second and not (found[place] <= one.tie and _is_tie(one.numbers[place], one.tie)):
            found[place] = np.inf
    return found


def _is_tie(numbers: Array, tie: float) -> bool:
    """Whether the two likeliest classes have the same probability but for rounding, or scores stand even."""
    if len(numbers) < 2:
        return False
    ordered = np.sort(numbers)[::-1]
    return bool(np.min(ordered[:-1] - ordered[1:]) <= tie)


@dataclass(frozen=True)
class Fate:
    """What came of one row: its answer, or the words with which it was refused or broke the model."""

    what: str
    words: str = ""
    told: Told | None = None


def fates(score: Score, rows: Sequence[Row]) -> list[Fate]:
    """Of each row by itself; a batch that fails is halved until the odd rows are found."""
    if not rows:
        return []
    try:
        found = told(score(rows))
        if len(found) == len(rows):
            return [_fate(found.at([place])) for place in range(len(rows))]
        if len(rows) == 1:
            return [Fate(CRASHED, f"{len(found)} answers to one row")]
    except Invalid as error:
        if len(rows) == 1:
            return [Fate(REFUSED, error.message)]
    except Exception as error:  # whatever an estimator raises is what is looked for
        if len(rows) == 1:
            return [Fate(CRASHED, f"{type(error).__name__}: {' '.join(str(error).split())}"[:200])]
    middle = len(rows) // 2
    return fates(score, rows[:middle]) + fates(score, rows[middle:])


def _fate(found: Told) -> Fate:
    if not np.isfinite(found.numbers).all():
        return Fate(UNFIT, "the answer holds NaN or an infinity", found)
    return Fate(ANSWERED, "", found)
