"""Turns JSON (a list of flat objects, or one object per line) into delimited text. Called by tables."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from mlregistry.errors import Invalid, TooLarge
from mlregistry.ml import json_path
from mlregistry.ml.table_info import Limits

LARGEST_DOCUMENT = 64 * 1024 * 1024
PIECE = 1024 * 1024


def write_text(source: Path, target: Path, *, records: str = "", limits: Limits) -> None:
    """Write the objects as comma-separated UTF-8, columns in order of appearance; Invalid names the row."""
    names: dict[str, None] = {}
    for _, row in _objects(source, records, limits):
        names.update(dict.fromkeys(row))
        if len(names) > limits.max_columns:
            raise TooLarge(f"The objects have more than {limits.max_columns:,} different keys.", field="file")
    if not names:
        raise Invalid("The file holds no rows.", field="file")
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for number, row in _objects(source, records, limits):
            writer.writerow([_text(row.get(name), number, name) for name in names])


def _objects(source: Path, records: str, limits: Limits) -> Iterator[tuple[int, dict[str, Any]]]:
    if records:
        return _of_document(source, records)
    with source.open("rb") as file:
        head = file.read(PIECE).removeprefix(b"\xef\xbb\xbf").lstrip()
    is_list = head.startswith(b"[") and head[1:].lstrip()[:1] in (b"{", b"]", b"")
    return _of_list(source, limits) if is_list else _of_lines(source, limits)


def _of_document(source: Path, records: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects at a path of one document, which is read whole."""
    if source.stat().st_size > LARGEST_DOCUMENT:
        raise TooLarge(
            f"A document with a path to its records may have {LARGEST_DOCUMENT:,} bytes; write an object a line.",
            field="file",
        )
    try:
        document = json.loads(source.read_bytes(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"The file is no JSON: {error}.", field="file") from error
    yield from enumerate(json_path.records(document, records), start=1)


def _of_list(source: Path, limits: Limits) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of one long list, read piece by piece."""
    decoder = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_unique)
    number, text = 0, ""
    with source.open(encoding="utf-8-sig") as file:
        text = file.read(PIECE).lstrip()[1:]
        while True:
            text = text.lstrip().removeprefix(",").lstrip() if number else text.lstrip()
            if text.startswith("]"):
                return
            try:
                value, end = decoder.raw_decode(text)
            except (ValueError, RecursionError) as error:
                more = file.read(PIECE)
                if not more or len(text) > limits.max_line_bytes:
                    raise Invalid(f"Row {number + 1} is no JSON object: {error}.", field="file") from error
                text += more
                continue
            number += 1
            yield number, _as_object(value, number)
            text = text[end:]


def _of_lines(source: Path, limits: Limits) -> Iterator[tuple[int, dict[str, Any]]]:
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
    return _as_object(value, number)


def _as_object(value: Any, number: int) -> dict[str, Any]:
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
