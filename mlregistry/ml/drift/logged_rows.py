"""Logged inputs, a JSON object on each line, as a table that `tables.compare` reads. Called by jobs that check a window
to the last digit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from mlregistry.lib.lazily import lazily
from mlregistry.ml.drift.json_rows import JsonRows
from mlregistry.ml.drift.tables import Table
from mlregistry.ml.drift.values import Values, merged, of_counts, of_numbers

if TYPE_CHECKING:
    import numpy as np

    from mlregistry.ml.drift.sides import Array, Floats
else:
    np = lazily("numpy")

NUMBERS = ("integer", "float")
AT_ONCE = 256  # lines: while they are read, as many more fit into the socket that they come from
MOST_LABELS = 1_000_000  # of a column; rows of more are counted together
BUFFER = 1 << 18


class Chosen:
    """Some columns of a table, under a prefix."""

    def __init__(self, table: Table, names: Sequence[str], prefix: str) -> None:
        known = set(table.names)
        self.table, self.prefix = table, prefix
        self.names = [prefix + name for name in names if name in known]
        self.n_rows = table.n_rows

    def values(self, name: str) -> Values:
        return self.table.values(name.removeprefix(self.prefix))


class LoggedRows:
    """Takes lines as they come: numbers go into a file per column, categories are counted. Then it is a table.

    `types` are those of the signature by column; a value of another type is missing. Memory does not grow with rows.
    """

    def __init__(self, folder: Path, types: Mapping[str, str]) -> None:
        self.names, self.types, self.n_rows = list(types), dict(types), 0
        self._reader = JsonRows({name: kind in NUMBERS for name, kind in types.items()})
        self._waiting: list[bytes] = []
        self._paths = {name: folder / f"{place}.f8" for place, name in enumerate(types)}
        self._files: dict[str, IO[bytes]] = {
            name: self._paths[name].open("wb", buffering=BUFFER)
            for name, kind in types.items()
            if kind in NUMBERS
        }
        self._counts: dict[str, Counter[Any]] = {name: Counter() for name in types if name not in self._files}
        self._n_others: Counter[str] = Counter()

    def write(self, line: bytes) -> int:
        """One line, as COPY hands it over."""
        self._waiting.append(line)
        if len(self._waiting) == AT_ONCE:
            self._take()
        return len(line)

    def close(self) -> None:
        """After the last line."""
        self._take()
        for file in self._files.values():
            file.close()

    def values(self, name: str) -> Values:
        if name in self._paths and name not in self._counts:
            return of_numbers(_whole(np.fromfile(self._paths[name]), self.types[name]))
        counts = dict(self._counts[name])
        n_missing = counts.pop(None, 0)
        return of_counts(merged(counts), n_missing, self._n_others[name])

    def _take(self) -> None:
        columns = self._reader.columns(self._waiting)
        self.n_rows += len(self._waiting)
        self._waiting = []
        for name, values in columns.items():
            if name in self._files:
                self._files[name].write(np.asarray(values, dtype=np.float64))
            else:
                self._count(name, values)

    def _count(self, name: str, values: Sequence[Any]) -> None:
        counts = self._counts[name]
        try:
            more = Counter(values)
        except TypeError:  # lists and objects
            more = Counter(
                value if value is None or isinstance(value, str) else str(value) for value in values
            )
        if len(counts) >= MOST_LABELS:
            known = Counter({value: n for value, n in more.items() if value in counts})
            self._n_others[name] += more.total() - known.total()
            more = known
        counts.update(more)


def _whole(values: Floats, kind: str) -> Array:
    """As whole numbers where the signature says so and all of them are there."""
    if kind != "integer" or not np.isfinite(values).all():
        return values
    whole = values.astype(np.int64)
    return whole if (whole == values).all() else values
