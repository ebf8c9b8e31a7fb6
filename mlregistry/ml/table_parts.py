"""Tables that grow: whether new rows agree with those that are there, what differs, small parts made one.

Called by the dataset actions.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.ml import duck
from mlregistry.ml.column_types import SQL_TYPES
from mlregistry.ml.duck import Paths
from mlregistry.ml.table_info import Column, Limits, TableInfo

EXACT = 2**53
"""Whole numbers up to here are floats without a loss."""


def fit_rows(part: Path, added: TableInfo, known: Sequence[Column], target: Path, limits: Limits) -> None:
    """Write the new rows with the columns of the table they join, in its order; Invalid names each that differs.

    A whole number may join floats and floats may join whole numbers when neither loses a digit.
    """
    names = {column.name for column in known}
    wrong = [f"The new rows lack the column '{c.name}'." for c in known if added.column(c.name) is None]
    wrong += [
        f"The new rows have a column '{c.name}' that the table lacks."
        for c in added.columns
        if c.name not in names
    ]
    chosen: list[str] = []
    for column in known:
        new = added.column(column.name)
        if new is not None:
            try:
                chosen.append(_fitted(column, new, added.n_rows))
            except Invalid as error:
                wrong.append(error.message)
    if wrong:
        raise Invalid(
            f"The rows do not fit the table. {wrong[0]}"
            + (f" ({len(wrong)} columns differ.)" if len(wrong) > 1 else ""),
            field="file",
            details=wrong,
        )
    with duck.connect([part.parent, target.parent], limits) as connection:
        connection.execute(
            f"COPY (SELECT {', '.join(chosen)} FROM {duck.scan(part)})"  # noqa: S608  # duck quotes names and paths, the rest is ours
            f" TO {duck.text(target)} (FORMAT parquet, COMPRESSION zstd)"
        )


def merge(paths: Paths, target: Path, limits: Limits) -> int:
    """Several parts as one file; returns its rows."""
    with duck.connect([*duck.folders(paths), target.parent], limits) as connection:
        connection.execute(
            f"COPY (SELECT * FROM {duck.scan(paths)}) TO {duck.text(target)} (FORMAT parquet, COMPRESSION zstd)"  # noqa: S608  # duck quotes names and paths, the rest is ours
        )
        counted = connection.execute(f"SELECT count(*) FROM {duck.scan(target)}").fetchone()  # noqa: S608  # duck quotes names and paths, the rest is ours
    return int(counted[0]) if counted else 0


def difference(
    before: Paths, old: Sequence[Column], after: Paths, new: Sequence[Column], limits: Limits
) -> dict[str, Any]:
    """Rows and columns that came, went or changed their type, as JSON.

    Leave out parts that both sides share. Rows are compared by a 64-bit hash of the columns that both have; a row that
    stands there twice counts twice.
    """
    types = {column.name: column.type for column in old}
    common = [(c.name, types[c.name], c.type) for c in new if c.name in types]
    added, removed = _rows(before, after, common, limits)
    return {
        "rows_added": added,
        "rows_removed": removed,
        "columns_added": [c.name for c in new if c.name not in types],
        "columns_removed": [name for name in types if name not in {c.name for c in new}],
        "columns_changed": [
            {"name": name, "before": one, "after": two} for name, one, two in common if one != two
        ],
    }


def _fitted(column: Column, new: Column, n_rows: int) -> str:
    name = duck.name(column.name)
    if column.type == new.type:
        return name
    if new.n_missing == n_rows or (column.type == "string" and new.type in ("integer", "boolean")):
        return f"CAST({name} AS {SQL_TYPES[column.type]}) AS {name}"
    if {column.type, new.type} == {"integer", "float"}:
        whole = column if column.type == "integer" else new
        if max(abs(int(whole.minimum or 0)), abs(int(whole.maximum or 0))) <= EXACT:
            return f"CAST({name} AS DOUBLE) AS {name}"
        raise Invalid(
            f"Column '{column.name}' holds whole numbers such as {whole.maximum} that would lose digits as decimals."
        )
    example = f" such as {new.examples[0]!r}" if new.examples else ""
    raise Invalid(f"Column '{column.name}' is {column.type}; the new rows hold {new.type} values{example}.")


def _rows(before: Paths, after: Paths, common: list[tuple[str, str, str]], limits: Limits) -> tuple[int, int]:
    sides = [(paths, sign) for paths, sign in ((before, -1), (after, 1)) if duck.listed(paths)]
    if not sides or not common:
        return 0, 0
    values = ", ".join(_compared(*column) for column in common)
    rows = " UNION ALL ".join(
        f"SELECT hash({values}) AS h, {sign} AS sign FROM {duck.scan(paths)}"  # noqa: S608  # duck quotes names and paths, the rest is ours
        for paths, sign in sides
    )
    places = [folder for paths, _ in sides for folder in duck.folders(paths)]
    with duck.connect(places, limits) as connection:
        found = connection.execute(
            "SELECT coalesce(sum(n) FILTER (n > 0), 0), coalesce(-sum(n) FILTER (n < 0), 0)"  # noqa: S608  # duck quotes names and paths, the rest is ours
            f" FROM (SELECT sum(sign) AS n FROM ({rows}) GROUP BY h)"
        ).fetchone()
    return (int(found[0]), int(found[1])) if found else (0, 0)


def _compared(name: str, before: str, after: str) -> str:
    """The column in a type that both sides can have."""
    column = duck.name(name)
    if before == after:
        return column
    numeric = {before, after} <= {"integer", "float"}
    return f"CAST({column} AS {'DOUBLE' if numeric else 'VARCHAR'})"
