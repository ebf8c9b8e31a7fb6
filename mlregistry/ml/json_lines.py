"""Turns JSON lines (one flat object per line) into delimited text. Called by tables."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from mlregistry.errors import Invalid, TooLarge
from mlregistry.ml.csv_text import check_encoding
from mlregistry.ml.table_info import Limits


def write_text(source: Path, target: Path, *, limits: Limits) -> None:
    """Write the objects as comma-separated UTF-8, columns in order of appearance; Invalid names the row."""
    check_encoding(source)
    names: dict[str, None] = {}
    for _, row in _objects(source, limits):
        names.update(dict.fromkeys(row))
        if len(names) > limits.max_columns:
            raise TooLarge(f"The objects have more than {limits.max_columns:,} different keys.", field="file")
    if not names:
        raise Invalid("The file holds no rows.", field="file")
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for number, row in _objects(source, limits):
            writer.writerow([_text(row.get(name), number, name) for name in names])


def _objects(source: Path, limits: Limits) -> Iterator[tuple[int, dict[str, Any]]]:
    with source.open("rb") as file:
        number = 0
        while line := file.readline(limits.max_line_bytes + 1):
            number += 1
            if len(line) > limits.max_line_bytes:
                raise TooLarge(f"Row {number} is longer than {limits.max_line_bytes:,} bytes.", field="file")
            if line.strip():
                yield number, _object(line.decode("utf-8-sig"), number)


def _object(line: str, number: int) -> dict[str, Any]:
    try:
        value = json.loads(line, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"Row {number} is no JSON object: {error}.", field="file") from error
    if not isinstance(value, dict):
        raise Invalid(
            f'Row {number} is no JSON object; write one object such as {{"a": 1}} per line.', field="file"
        )
    return value


def _text(value: Any, number: int, name: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        raise Invalid(
            f"Row {number}, column '{name}' holds a list or an object; only plain values fit.", field=name
        )
    text = str(value)
    if "\x00" in text or any(0xD800 <= ord(letter) < 0xE000 for letter in text):
        raise Invalid(f"Row {number}, column '{name}' holds a character that is no text.", field=name)
    return text


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) != len(pairs):
        raise ValueError("a key stands twice")
    return row


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not allowed in JSON; use null")
