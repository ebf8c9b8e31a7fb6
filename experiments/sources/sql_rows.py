"""Rows of a database cursor as CSV under limits, for drivers that have no COPY. Called by the kinds of databases."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from mlregistry.errors import Invalid, TooLarge
from mlregistry.ml.reading import Reading

from .protocol import Ask

TELL_EVERY = 50_000


def write(ask: Ask, names: Sequence[str], rows: Iterable[Sequence[Any]], file: Path) -> tuple[int, Reading]:
    """Returns how many rows, and which columns held text."""
    if len({name.lower() for name in names}) < len(names):
        raise Invalid("The query has two columns of one name; name each with AS.", field="query")
    texts: set[int] = set()
    n_rows = 0
    most = ask.n_rows or ask.limits.max_rows
    with file.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(names)
        for row in rows:
            if n_rows >= most:
                if ask.n_rows:
                    break
                raise TooLarge(
                    f"The query answers with more than {most:,} rows, the most allowed; narrow it.",
                    field="query",
                )
            texts.update(place for place, value in enumerate(row) if isinstance(value, str))
            writer.writerow([_plain(value) for value in row])
            n_rows += 1
            if n_rows % TELL_EVERY == 0:
                _tell(ask, target.tell(), n_rows)
    return n_rows, Reading(delimiter=",", decimal=".", keep_text=frozenset(names[place] for place in texts))


def _tell(ask: Ask, n_bytes: int, n_rows: int) -> None:
    ask.seconds_left()
    if n_bytes > ask.limits.max_bytes:
        raise TooLarge(
            f"The query answers with more than {ask.limits.max_bytes:,} bytes; narrow it.", field="query"
        )
    ask.report(0.0, f"{n_rows:,} rows")


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.date | datetime.datetime):
        return value.isoformat(" ") if isinstance(value, datetime.datetime) else value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    return value
