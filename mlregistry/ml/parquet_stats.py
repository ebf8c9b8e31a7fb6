"""What the footers of Parquet files that we wrote tell of their columns without a row being read.

Called by csv_text and table_figures. A figure that a footer leaves out, cuts off or hides behind others is None.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlregistry.lib.lazily import lazily
from mlregistry.ml import duck
from mlregistry.ml.duck import Paths

if TYPE_CHECKING:
    import duckdb
else:
    duckdb = lazily("duckdb")

READ: dict[str, tuple[str, Callable[[str], Any]]] = {
    "BOOLEAN": ("BOOLEAN", lambda text: {"true": True, "false": False}[text]),
    "BIGINT": ("INT64", int),
    "DOUBLE": ("DOUBLE", float),
    "TIMESTAMP": ("INT64", datetime.datetime.fromisoformat),
    "VARCHAR": ("BYTE_ARRAY", str),
}
"""Per type of a column: how Parquet stores it, and how the text of its bounds is read."""


@dataclass(frozen=True)
class Figures:
    """Known values, least and most of them; the distinct ones of all row groups added up."""

    n_known: int
    least: Any
    most: Any
    most_distinct: int | None


def of(connection: duckdb.DuckDBPyConnection, parts: Paths) -> dict[str, Figures]:
    """The figures of each column by its name, those left out that a part stores as another type than the table's."""
    types = connection.execute(f"DESCRIBE SELECT * FROM {duck.scan(parts)}").fetchall()  # noqa: S608  # duck quotes names and paths, the rest is ours
    files = ", ".join(duck.text(file) for file in duck.listed(parts))
    rows = connection.execute(
        "SELECT path_in_schema, list({'type': type, 'n': num_values, 'missing': stats_null_count,"  # noqa: S608  # duck quotes names and paths, the rest is ours
        " 'distinct': stats_distinct_count, 'least': CASE WHEN min_is_exact THEN stats_min_value END,"
        " 'most': CASE WHEN max_is_exact THEN stats_max_value END, 'nan': stats_nan_count})"
        f" FROM parquet_metadata([{files}]) GROUP BY path_in_schema"
    ).fetchall()
    groups = dict(rows)
    return {
        name: _figures(groups[name], READ[sql_type][1])
        for name, sql_type, *_ in types
        if sql_type in READ and _is_stored_as(READ[sql_type][0], groups.get(name, []))
    }


def _is_stored_as(type: str, groups: list[dict[str, Any]]) -> bool:
    return bool(groups) and all(group["type"] == type and group["missing"] is not None for group in groups)


def _figures(groups: list[dict[str, Any]], read: Callable[[str], Any]) -> Figures:
    filled = [group for group in groups if group["n"] > group["missing"]]
    distinct = [group["distinct"] for group in filled]
    return Figures(
        sum(group["n"] - group["missing"] for group in filled),
        _bound(filled, "least", read, min),
        _bound(filled, "most", read, max),
        None if None in distinct else sum(distinct),
    )


def _bound(
    groups: list[dict[str, Any]], name: str, read: Callable[[str], Any], choose: Callable[..., Any]
) -> Any:
    """The bound of all groups; None when one does not tell it, or holds a value that is no finite number."""
    if any(group[name] is None or group["nan"] for group in groups):
        return None
    try:
        values = [read(group[name]) for group in groups]
    except (ValueError, KeyError):
        return None
    if any(isinstance(value, float) and not math.isfinite(value) for value in values):
        return None
    return choose(values, default=None)
