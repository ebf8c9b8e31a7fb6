"""CSV bodies as rows: text is turned into the types of the signature. `wire` calls it."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator
from typing import Any

from mlregistry.errors import Invalid, TooLarge

TRUTH = {"true": True, "false": False, "1": True, "0": False}
MISSING = frozenset({"", "NA", "NaN", "nan", "null", "None"})


def read_csv(body: bytes, inputs: tuple[Any, ...], *, max_rows: int) -> list[dict[str, Any]]:
    """The rows of a CSV text with a header. Empty cells are missing; unknown columns stay text."""
    reader = csv.reader(io.StringIO(_text(body), newline=""), strict=True)
    lines = _lines(reader)
    header = next(lines, None)
    if not header:
        raise Invalid("The CSV body is empty: its first line must name the columns.", field="body")
    check_columns(header)
    kinds = {field.name: str(field.type) for field in inputs}
    readers = [(name, READERS.get(kinds.get(name, ""), _as_text)) for name in header]
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(lines, start=1):
        if number > max_rows:
            raise TooLarge(f"One request may hold at most {max_rows} rows.", field="body")
        rows.append(_row(line, readers, number))
    return rows


def check_columns(names: list[str], *, field: str | None = None) -> None:
    """Refuses a column that is named twice."""
    if len(set(names)) < len(names):
        doubled = next(name for name in names if names.count(name) > 1)
        raise Invalid(f"The column “{doubled}” stands twice.", field=field or doubled)


def _text(body: bytes) -> str:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("The CSV body is not valid UTF-8.", field="body") from None
    if "\x00" in text:
        raise Invalid("The CSV body holds a NUL character.", field="body")
    return text


def _lines(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from (line for line in reader if line)
    except csv.Error as error:
        raise Invalid(f"The CSV body cannot be read: {error}.", field="body") from None


def _row(line: list[str], readers: list[tuple[str, Callable[[str], Any]]], number: int) -> dict[str, Any]:
    if len(line) != len(readers):
        message = f"Row {number} has {len(line)} cells, but the header names {len(readers)} columns."
        raise Invalid(message, field="body")
    row: dict[str, Any] = {}
    for text, (name, read) in zip(line, readers, strict=True):
        try:
            row[name] = None if text.strip() in MISSING and read is not _as_text else read(text)
        except (ValueError, KeyError, OverflowError):
            raise Invalid(f"Row {number}, column “{name}”: {WANTED[read]}.", field=name) from None
    return row


def _as_text(text: str) -> str | None:
    return text if text else None


def _as_integer(text: str) -> int:
    value = float(text)
    if not value.is_integer() or abs(value) >= 2**63:
        raise ValueError
    return int(text) if text.strip().lstrip("+-").isdigit() else int(value)


def _as_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError
    return value


def _as_truth(text: str) -> bool:
    return TRUTH[text.strip().lower()]


READERS: dict[str, Callable[[str], Any]] = {
    "integer": _as_integer,
    "float": _as_float,
    "boolean": _as_truth,
}
WANTED: dict[Callable[[str], Any], str] = {
    _as_integer: "a whole number is expected",
    _as_float: "a finite number is expected",
    _as_truth: "true or false is expected",
}
