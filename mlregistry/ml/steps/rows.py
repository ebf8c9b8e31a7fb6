"""Steps that leave rows out of training, never out of what is predicted: duplicates, rows with gaps."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlregistry.ml.steps.frames import ReadColumns, choose


def without_duplicates(frame: pd.DataFrame, target: str, columns: Any) -> npt.NDArray[np.bool_]:
    """Which rows stay: the first of those alike in the target and in the chosen columns."""
    names = choose(ReadColumns().fit_transform(frame.drop(columns=target)), columns)
    return ~frame[[*names, target]].duplicated().to_numpy()


def without_gaps(frame: pd.DataFrame, target: str, columns: Any, which: str = "any") -> npt.NDArray[np.bool_]:
    """Which rows stay: those with no gap in the chosen columns, or with `which` all, with one that is known."""
    names = choose(ReadColumns().fit_transform(frame.drop(columns=target)), columns)
    gaps = frame[names].isna().to_numpy(dtype=bool)
    if which == "all" and names:
        return np.asarray(~gaps.all(axis=1))
    return np.asarray(~gaps.any(axis=1)) if which == "any" else np.ones(len(frame), dtype=bool)
