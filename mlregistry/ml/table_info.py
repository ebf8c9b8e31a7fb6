"""What is known about a table: its limits, its columns and their figures. Used by tables and problems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mlregistry.errors import Invalid

COLUMN_TYPES = ("integer", "float", "boolean", "string", "datetime")
NUMERIC_TYPES = ("integer", "float")


@dataclass(frozen=True)
class Limits:
    """What one table may cost; everything above is refused before it is opened."""

    max_bytes: int = 2 * 1024**3
    max_rows: int = 50_000_000
    max_columns: int = 2_000
    max_name_length: int = 200
    max_line_bytes: int = 10_000_000
    max_excel_cells: int = 10_000_000
    max_excel_bytes: int = 512 * 1024**2
    max_excel_ratio: int = 200
    memory_mb: int = 1024
    threads: int = 2


@dataclass(frozen=True)
class Column:
    """One column: its type and figures over all rows; minimum and maximum leave infinite values out."""

    name: str
    type: str
    n_missing: int
    n_distinct: int
    minimum: float | str | bool | None
    maximum: float | str | bool | None
    examples: tuple[Any, ...]
    n_infinite: int = 0

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "examples": list(self.examples)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Column:
        return cls(**{**data, "examples": tuple(data.get("examples", ()))})


@dataclass(frozen=True)
class TableInfo:
    """A checked table; notes say what was changed on the way (such as blanks that count as missing)."""

    format: str
    n_rows: int
    n_columns: int
    columns: tuple[Column, ...]
    notes: tuple[str, ...] = ()

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    def to_json(self) -> dict[str, Any]:
        return {
            "format": self.format,
            "n_rows": self.n_rows,
            "n_columns": self.n_columns,
            "columns": [column.to_json() for column in self.columns],
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TableInfo:
        return cls(
            format=data["format"],
            n_rows=data["n_rows"],
            n_columns=data["n_columns"],
            columns=tuple(Column.from_json(column) for column in data["columns"]),
            notes=tuple(data.get("notes", ())),
        )


def check_names(names: list[str], limits: Limits) -> list[str]:
    """The column names, stripped; Invalid when one is empty, too long, doubled or there are too many."""
    if len(names) > limits.max_columns:
        raise Invalid(f"The table has {len(names):,} columns; at most {limits.max_columns:,} are allowed.")
    seen: dict[str, tuple[int, str]] = {}
    cleaned = []
    for number, raw in enumerate(names, start=1):
        name = raw.strip()
        if not name:
            raise Invalid(f"Column {number} has no name; give every column a name in the first row.")
        if len(name) > limits.max_name_length:
            raise Invalid(f"The name of column {number} is longer than {limits.max_name_length} characters.")
        if any(ord(letter) < 32 for letter in name):
            raise Invalid(f"The name of column {number} holds a line break or control character.")
        if name.lower() in seen:
            _refuse_double(name, number, *seen[name.lower()])
        seen[name.lower()] = (number, name)
        cleaned.append(name)
    return cleaned


def _refuse_double(name: str, number: int, first: int, first_name: str) -> None:
    if name == first_name:
        message = f"Columns {first} and {number} have the same name: '{name}'. Rename one of them."
    else:
        message = f"Columns {first} ('{first_name}') and {number} ('{name}') differ only by case; rename one."
    raise Invalid(message, field=name)
