"""All columns of a source, each with its figures, its kind and the clues that alerts ask for. Called by building."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from mlregistry.ml.profiling import numbers, texts, times
from mlregistry.ml.profiling.clues import Clues
from mlregistry.ml.profiling.document import Column
from mlregistry.ml.profiling.kinds import kind_of
from mlregistry.ml.profiling.limits import ProfileLimits
from mlregistry.ml.profiling.source import Field, Source, Values

SHORT = 100_000
Report = Callable[[float, str], None]


@dataclass(frozen=True)
class Seen:
    """A column of the profile and what was noticed besides."""

    column: Column
    clues: Clues


def seen(source: Source, now: datetime, report: Report) -> list[Seen]:
    """In the order of the table; `report` is told the share that is done."""
    long_texts = [field for field in source.fields if field.type == "string" and source.n_rows > SHORT]
    others = [field for field in source.fields if field not in long_texts]
    found: dict[str, Seen] = {}
    for field, values in source.columns(others):
        report(len(found) / len(source.fields), f"Column {field.name}")
        found[field.name] = _seen(source, field, values, now)
    for place, field in enumerate(long_texts):
        report((len(others) + place) / len(source.fields), f"Column {field.name}")
        if place == 0:
            measured = texts.many(source, long_texts)
        found[field.name] = _seen_text(source, field, measured[field.name])
    return [found[field.name] for field in source.fields]


def _seen(source: Source, field: Field, values: Values, now: datetime) -> Seen:
    if field.type == "string":
        return _seen_text(source, field, texts.counted(values.array, source.limits))
    plain = _plain(field, source.n_rows, len(values.array))
    if field.type == "datetime":
        n_distinct, top, figures, clues = times.measured(values.array, source.limits, now)
        return _finished(replace(plain, n_distinct=n_distinct, top=top, times=figures), clues, source.limits)
    measure = numbers.truths if field.type == "boolean" else numbers.measured
    measured = measure(values.array, source.limits)
    column = replace(
        plain,
        n_distinct=measured.n_distinct,
        n_infinite=measured.n_infinite,
        top=measured.top,
        numbers=measured.numbers,
    )
    return _finished(column, measured.clues, source.limits)


def _seen_text(source: Source, field: Field, measured: texts.Measured) -> Seen:
    plain = _plain(field, source.n_rows, measured.n)
    column = replace(plain, n_distinct=measured.n_distinct, top=measured.top, texts=measured.texts)
    return _finished(column, measured.clues, source.limits)


def _plain(field: Field, n_rows: int, n: int) -> Column:
    return Column(field.name, field.type, "", n, n_rows - n, 0, 0, (), 0)


def _finished(column: Column, clues: Clues, limits: ProfileLimits) -> Seen:
    """With its kind, and the values that are listed: all of few, else the frequent ones that come more than once."""
    kind, listed = kind_of(column, clues), column.top
    all_fit = column.n_distinct - (column.n_infinite > 0) == len(listed)
    if kind in ("text", "identifier") or not all_fit:
        listed = listed[: limits.top_values]
    if column.n_distinct > len(listed):
        listed = tuple(top for top in listed if top.count > 1)
    n_other = column.n - column.n_infinite - sum(top.count for top in listed)
    return Seen(replace(column, kind=kind, top=listed, n_other=n_other), clues)
