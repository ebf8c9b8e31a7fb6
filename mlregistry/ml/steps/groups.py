"""Figures of a group as features: the mean, count … of a column over the training rows with the same key."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlregistry.ml.steps.frames import (
    Table,
    TableStep,
    as_numbers,
    as_text,
    choose,
    numbered_columns,
    objects,
    unique,
)

SEPARATOR = "\x1f"


class GroupAggregates(TableStep):
    """Adds each statistic of each column by `keys`; a group that the training rows lack has that of all of them."""

    def __init__(self, keys: Any, columns: Any, statistics: Any = ("mean",)) -> None:
        self.keys = keys
        self.columns = columns
        self.statistics = statistics

    def fit(self, X: Table, y: Any = None) -> Self:
        self.keys_ = choose(X, self.keys)
        self.columns_ = [name for name in choose(X, self.columns) if name not in self.keys_]
        values = pd.DataFrame(as_numbers(X, self.columns_), columns=range(len(self.columns_)))
        grouped = values.groupby(self._key(X), sort=True)
        tables, overall = [], []
        sources: dict[str, list[str]] = {}
        by = ", ".join(self.keys_)
        for statistic in self.statistics:
            tables.append(grouped.agg(statistic).to_numpy(np.float64))
            overall.append(values.agg(statistic).to_numpy(np.float64))
            sources |= {f"{name} {statistic} by {by}": [name, *self.keys_] for name in self.columns_}
        self.places_ = {str(key): place for place, key in enumerate(grouped.groups)}
        self.table_ = np.vstack([np.hstack(tables), np.hstack(overall)])
        self.made_ = unique(list(sources), set(X.columns))
        named = dict(zip(self.made_, sources.values(), strict=True))
        return self._remember(X, [*X.columns, *self.made_], named)

    def transform(self, X: Table) -> Table:
        unseen = len(self.places_)
        rows = [self.places_.get(key, unseen) for key in self._key(X).tolist()]
        return X.using(self.names_out_, *numbered_columns(self.table_[rows], self.made_))

    def _key(self, X: Table) -> npt.NDArray[Any]:
        parts = as_text(X, self.keys_)
        return objects([SEPARATOR.join(row) for row in parts.tolist()])
