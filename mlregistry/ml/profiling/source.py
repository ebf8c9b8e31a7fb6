"""The rows of a table in several Parquet files, read column by column as arrays under a memory limit.

Used by the other modules of this package; all SQL of a profile goes through `Source`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mlregistry.errors import Invalid, NotFound
from mlregistry.lib.lazily import lazily
from mlregistry.ml import duck
from mlregistry.ml.column_types import SQL_TYPES
from mlregistry.ml.parquet_files import stored_type
from mlregistry.ml.profiling.limits import ProfileLimits
from mlregistry.ml.table_info import Limits

if TYPE_CHECKING:
    import duckdb
else:
    duckdb = lazily("duckdb")

Array = npt.NDArray[Any]
VECTORS = 60  # of 2,048 rows, in a piece


@dataclass(frozen=True)
class Field:
    """A column of the source: its name and the type it is read as."""

    name: str
    type: str

    @property
    def quoted(self) -> str:
        return duck.name(self.name)

    @property
    def value(self) -> str:
        """The SQL that reads it; NULL stands for NaN and for times that are infinite."""
        column = self.quoted
        if self.type == "datetime":
            moment = f"CAST({column} AS TIMESTAMP)"
            return f"CASE WHEN isfinite({moment}) THEN epoch_us({moment}) END"
        return f"CAST({column} AS {SQL_TYPES[self.type]})"


@dataclass(frozen=True)
class Values:
    """The values of a column that are there, in the order of the rows, and how many are missing."""

    array: Array
    n_missing: int


class Source:
    """An open table: `fields`, `n_rows`, and reads of them."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, parts: Sequence[Path], limits: ProfileLimits
    ) -> None:
        self.connection = connection
        self.table = duck.scan([part.resolve() for part in parts])
        schema = self.rows(f"DESCRIBE SELECT * FROM {self.table}")  # noqa: S608  # duck quotes names and paths, the rest is ours
        self.fields = tuple(Field(name, stored_type(sql_type)) for name, sql_type, *_ in schema)
        self.limits = limits.for_width(len(self.fields))
        self.n_rows = int(self.rows(f"SELECT count(*) FROM {self.table}")[0][0])  # noqa: S608  # duck quotes names and paths, the rest is ours

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.connection.execute(sql).fetchall()
        return found

    def arrays(self, expressions: Sequence[str], tail: str = "") -> list[Array]:
        """One array per SQL expression, masked where there are NULLs."""
        chosen = ", ".join(f"{expression} AS c{place}" for place, expression in enumerate(expressions))
        sql = f"SELECT {chosen} FROM {self.table} {tail}"  # noqa: S608  # duck quotes names and paths, the rest is ours
        found: dict[str, Any] = self.connection.execute(sql).fetchnumpy()
        return [found[f"c{place}"] for place in range(len(expressions))]

    def known(self, field: Field, expression: str) -> Array:
        """An expression over the values that are there, read piece by piece into one array: nothing is held twice."""
        cursor = self.connection.execute(
            f"SELECT {expression} AS v FROM {self.table} WHERE {field.value} IS NOT NULL"  # noqa: S608  # duck quotes names and paths, the rest is ours
        )
        found: Array | None = None
        n = 0
        while len(frame := cursor.fetch_df_chunk(VECTORS)):
            piece = frame["v"].to_numpy()
            found = np.empty(self.n_rows, dtype=piece.dtype) if found is None else found
            found[n : n + len(piece)] = piece
            n += len(piece)
        return found[:n] if found is not None else np.empty(0)

    def sampled(self, n: int, seed: int = 0) -> str:
        """A WHERE clause that keeps about `n` rows all over the table, the same ones each time; empty for all."""
        if n >= self.n_rows:
            return ""
        border = int(2**64 * n / self.n_rows)
        return f"WHERE hash(file_index, file_row_number, {int(seed)}) < {border}::UBIGINT"

    def columns(self, fields: Sequence[Field]) -> Iterator[tuple[Field, Values]]:
        """Each field with its values, as many at once as `cells_per_read` allows."""
        size = min(200, self.limits.cells_per_read // max(1, self.n_rows))
        if size == 0:
            for field in fields:
                array = self.known(field, field.value)
                yield field, present(array, self.n_rows - len(array))
            return
        for start in range(0, len(fields), size):
            batch = fields[start : start + size]
            arrays = self.arrays([field.value for field in batch])
            for field in batch:
                yield field, present(arrays.pop(0))


@contextmanager
def opened(parts: Sequence[Path], limits: ProfileLimits) -> Iterator[Source]:
    """The table of these files; NotFound when one is not there, Invalid when one cannot be read."""
    if not parts:
        raise Invalid("A table needs at least one part.", field="parts")
    if not all(part.is_file() for part in parts):
        raise NotFound("The table's file is not there.")
    folders = dict.fromkeys(part.resolve().parent for part in parts)
    with tempfile.TemporaryDirectory(prefix="profile-") as scratch:
        bounds = Limits(memory_mb=limits.memory_mb, threads=limits.threads)
        with duck.connect([*folders, Path(scratch)], bounds) as connection:
            try:
                yield Source(connection, parts, limits)
            except duckdb.Error as error:
                raise Invalid(f"The table cannot be read: {str(error).splitlines()[0]}") from error


def present(array: Array, n_left_out: int = 0) -> Values:
    """Without the missing ones; NaN counts as missing."""
    n = len(array) + n_left_out
    if isinstance(array, np.ma.MaskedArray):
        array = array.compressed()
    if array.dtype.kind == "f":
        gaps = np.isnan(array)
        array = array[~gaps] if gaps.any() else array
    return Values(array, n - len(array))
