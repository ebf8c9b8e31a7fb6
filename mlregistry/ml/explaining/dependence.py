"""Partial dependence (Friedman 2001): the mean prediction when one feature is set to a value. Called by the job."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlregistry.ml.steps.frames import raw_kind

Array = npt.NDArray[Any]
MOST_ROWS = 200
N_GRID = 20
MOST_VALUES = 12


def curve(
    predict: Callable[[pd.DataFrame], Array], frame: pd.DataFrame, column: str, *, predicted: str, seed: int
) -> dict[str, Any] | None:
    """A curve for the page: a line over a number's quantiles, bars for categories; None where nothing varies.

    `frame` is sampled to 200 rows. Where features go together, it averages over rows that do not occur.
    """
    if len(frame) > MOST_ROWS:
        chosen = np.random.default_rng(seed).choice(len(frame), MOST_ROWS, replace=False)
        frame = frame.iloc[np.sort(chosen)]
    kind = raw_kind(frame[column])
    known = frame[column].dropna()
    if kind == "time" or known.nunique() < 2:
        return None
    numeric = kind == "number" and known.nunique() > MOST_VALUES
    values: list[Any] = _grid(known) if numeric else list(known.value_counts().index[:MOST_VALUES])
    if kind == "number" and not numeric:
        values = sorted(values)
    means = [float(np.mean(predict(_set(frame, column, value)))) for value in values]
    title = f"Partial dependence on {column}"
    if numeric:
        series = {"name": column, "x": [float(value) for value in values], "y": means}
        return {"type": "lines", "title": title, "x_title": column, "y_title": predicted, "series": [series]}
    labels = [str(value)[:80] for value in values]
    return {
        "type": "bars", "title": title, "x_title": predicted, "y_title": column, "labels": labels, "values": means,
    }  # fmt: skip


def _grid(known: pd.Series[Any]) -> list[Any]:
    """Values that occur, evenly by rank from the 2nd to the 98th percentile."""
    found = known.quantile(np.linspace(0.02, 0.98, N_GRID), interpolation="nearest")
    return list(dict.fromkeys(found.tolist()))


def _set(frame: pd.DataFrame, column: str, value: Any) -> pd.DataFrame:
    changed = frame.copy(deep=False)
    changed[column] = pd.Series([value] * len(frame), index=frame.index).astype(frame[column].dtype)
    return changed
