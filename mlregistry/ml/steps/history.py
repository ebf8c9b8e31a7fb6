"""Features of earlier rows, by an order and perhaps a group: lags and rolling windows. A row sees what is before it.

The history is the rows of the same call. Rows with the same order value in a group do not see each other.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlregistry.errors import Invalid
from mlregistry.ml.steps.frames import (
    Table,
    TableStep,
    as_numbers,
    as_text,
    choose,
    gaps_of,
    numbered_columns,
    objects,
    unique,
)

JOINT = "\x1f"
CELLS = 2_000_000
Matrix = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


class History(TableStep):
    """What both share: the order of the rows, and the demand for history after training."""

    columns: Any
    order: str
    group: Any
    short_history: str

    def fit(self, X: Table, y: Any = None) -> Self:
        self.columns_ = choose(X, self.columns)
        self.group_ = choose(X, list(self.group or []))
        choose(X, [self.order])
        self._check_order(X)
        wanted, sources = [], []
        for name in self.columns_:
            for ending in self._endings():
                wanted.append(f"{name} {ending}")
                sources.append([name, self.order, *self.group_])
        self.made_ = unique(wanted, set(X.columns))
        return self._remember(X, [*X.columns, *self.made_], dict(zip(self.made_, sources, strict=True)))

    def fit_transform(self, X: Table, y: Any = None, **params: Any) -> Table:
        return self.fit(X, y)._made(X)

    def transform(self, X: Table) -> Table:
        self._check_order(X)
        if self.short_history == "error" and len(X):
            self._check_history(X)
        return self._made(X)

    def _made(self, X: Table) -> Table:
        """The features, computed in order of group and time and put back to where the rows stood."""
        sorting, first, before = self._sorted(X)
        values = as_numbers(X, self.columns_)[sorting]
        made = np.empty((len(X), len(self.made_)))
        made[sorting] = self._features(values, first, before)
        return X.using(self.names_out_, *numbered_columns(made, self.made_))

    def _sorted(self, X: Table) -> tuple[Places, Places, Places]:
        """The row positions by group and time; per sorted place where its group and where its moment begins."""
        codes = np.zeros(len(X), dtype=np.int64)
        if self.group_:
            keys = objects([JOINT.join(row) for row in as_text(X, self.group_).tolist()])
            codes = pd.factorize(keys)[0]
        order = X.values[self.order]
        sorting = np.lexsort((order, codes))
        codes, order = codes[sorting], order[sorting]
        new_group = np.append(True, codes[1:] != codes[:-1])[: len(X)]
        new_moment = new_group | np.append(True, order[1:] != order[:-1])[: len(X)]
        places = np.arange(len(X))
        first = np.maximum.accumulate(np.where(new_group, places, 0))
        return sorting, first, np.maximum.accumulate(np.where(new_moment, places, 0))

    def _check_order(self, X: Table) -> None:
        if X.kinds[self.order] not in ("number", "time"):
            raise ValueError(f"the order column '{self.order}' holds neither numbers nor times")
        if bool(gaps_of(X.values[self.order]).any()):
            raise Invalid(f"The order column '{self.order}' has gaps; give every row its place in time.")

    def _check_history(self, X: Table) -> None:
        _, first, moment = self._sorted(X)
        newest = np.append(first[1:] != first[:-1], True)
        if int((moment - first)[newest].min()) < self.needed():
            raise Invalid(
                f"The newest row of each group needs {self.needed()} earlier rows (by '{self.order}') in the"
                " same call; send the history together with the rows to predict.",
                field=self.order,
            )

    def _endings(self) -> list[str]:
        raise NotImplementedError

    def needed(self) -> int:
        raise NotImplementedError

    def _features(self, values: Matrix, first: Places, moment: Places) -> Matrix:
        raise NotImplementedError


class LagColumns(History):
    """Adds the values of the rows 1, 2, … places earlier in the group."""

    def __init__(
        self, columns: Any, order: str, group: Any = (), lags: Any = (1,), short_history: str = "error"
    ) -> None:
        self.columns = columns
        self.order = order
        self.group = group
        self.lags = lags
        self.short_history = short_history

    def _endings(self) -> list[str]:
        return [f"lag {lag}" for lag in self.lags]

    def needed(self) -> int:
        return int(max(self.lags))

    def _features(self, values: Matrix, first: Places, moment: Places) -> Matrix:
        blocks = []
        for column in values.T:
            for lag in self.lags:
                places = moment - lag
                blocks.append(np.where(places >= first, column[np.maximum(places, 0)], np.nan))
        return np.column_stack(blocks) if blocks else np.empty((len(values), 0))


class RollingColumns(History):
    """Adds statistics of the `window` rows before each row in the group, or of as many as there are."""

    def __init__(
        self, columns: Any, order: str, group: Any = (), window: int = 3, statistics: Any = ("mean",),
        short_history: str = "error",
    ) -> None:  # fmt: skip
        self.columns = columns
        self.order = order
        self.group = group
        self.window = window
        self.statistics = statistics
        self.short_history = short_history

    def _endings(self) -> list[str]:
        return [f"{statistic} of last {self.window}" for statistic in self.statistics]

    def needed(self) -> int:
        return int(self.window)

    def _features(self, values: Matrix, first: Places, moment: Places) -> Matrix:
        made = np.full((len(values), len(self.made_)), np.nan)
        step = max(1, CELLS // self.window)
        for start in range(0, len(values), step):
            rows = slice(start, start + step)
            places = moment[rows, None] - np.arange(self.window, 0, -1)
            inside = places >= first[rows, None]
            for number, column in enumerate(values.T):
                seen = np.where(inside, column[np.maximum(places, 0)], np.nan)
                for offset, statistic in enumerate(self.statistics):
                    made[rows, number * len(self.statistics) + offset] = _statistic(seen, statistic)
        return made


def _statistic(seen: Matrix, name: str) -> npt.NDArray[np.float64]:
    """One figure per row over what is known; the deviation has n - 1 in the denominator."""
    known = ~np.isnan(seen)
    count = np.asarray(known.sum(axis=1), dtype=np.float64)
    if name == "count":
        return count
    with np.errstate(all="ignore"):
        if name in ("min", "max"):
            edge = np.inf if name == "min" else -np.inf
            found = np.where(known, seen, edge)
            found = found.min(axis=1) if name == "min" else found.max(axis=1)
            return np.asarray(np.where(count > 0, found, np.nan))
        total = np.where(known, seen, 0.0).sum(axis=1)
        if name == "sum":
            return np.asarray(np.where(count > 0, total, np.nan))
        mean = total / count
        if name == "mean":
            return np.asarray(mean)
        squares = np.where(known, (seen - mean[:, None]) ** 2, 0.0).sum(axis=1)
        return np.asarray(np.where(count > 1, np.sqrt(squares / (count - 1)), np.nan))
