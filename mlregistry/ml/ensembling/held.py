"""What one trial predicted for the rows that its folds held out, kept as a file. Called by lanes and the closing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mlregistry.errors import Invalid
from mlregistry.ml.metrics import Outcome

Array = npt.NDArray[Any]
NAME = "held_out.npz"


@dataclass(frozen=True)
class Held:
    """Per held-out row, in the order of `rows`: its fold, its truth, and the prediction (a row of probabilities).

    Truths of a classification are class numbers, and `n_classes` is above 0.
    """

    rows: Array
    fold: Array
    truth: Array
    predicted: Array
    n_classes: int

    def outcome(self, predicted: Array | None = None) -> Outcome:
        """As metrics take it; with other predictions for the same rows where they are given."""
        return outcome_of(self.truth, self.predicted if predicted is None else predicted, self.n_classes)

    @property
    def n_folds(self) -> int:
        return int(self.fold.max()) + 1

    def first(self, n_folds: int) -> Held:
        """Only the rows of the first folds."""
        if n_folds >= self.n_folds:
            return self
        kept = self.fold < n_folds
        return Held(self.rows[kept], self.fold[kept], self.truth[kept], self.predicted[kept], self.n_classes)

    def save(self, path: Path) -> None:
        """Whole or not at all, over what was there."""
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez_compressed(
                file, rows=self.rows, fold=self.fold, truth=self.truth, predicted=self.predicted,
                n_classes=np.array(self.n_classes),
            )  # fmt: skip
        os.replace(part, path)


def outcome_of(truth: Array, predicted: Array, n_classes: int) -> Outcome:
    if not n_classes:
        return Outcome(truth, predicted)
    return Outcome(truth, predicted.argmax(axis=1), predicted, n_classes)


def collect(parts: Sequence[tuple[Array, Outcome]]) -> Held:
    """One from the rows and outcome of each fold."""
    rows = np.concatenate([rows for rows, _ in parts])
    order = np.argsort(rows, kind="stable")
    outcomes = [outcome for _, outcome in parts]
    fold = np.repeat(np.arange(len(parts)), [len(rows) for rows, _ in parts])
    predicted = [one.predicted if one.probabilities is None else one.probabilities for one in outcomes]
    return Held(
        rows[order],
        fold[order],
        np.concatenate([one.truth for one in outcomes])[order],
        np.concatenate(predicted)[order],
        outcomes[0].n_classes if outcomes[0].probabilities is not None else 0,
    )


def load(path: Path) -> Held:
    """What `save` wrote; Invalid for anything else."""
    try:
        with np.load(path, allow_pickle=False) as found:
            return Held(
                found["rows"], found["fold"], found["truth"], found["predicted"], int(found["n_classes"])
            )
    except (OSError, KeyError, ValueError) as error:
        raise Invalid(f"The held-out predictions cannot be read: {error}", field="held_out") from error
