"""Operations on columns of text (lists of texts with None) and on numbers that are read as categories."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import numpy as np

from mlregistry.errors import Invalid
from mlregistry.ml.compiling.forms import Array, Form, Refused, Run, need
from mlregistry.ml.steps.applying import ConvertColumns
from mlregistry.ml.steps.categories import HashEncoder
from mlregistry.ml.steps.frames import MISSING, objects, written_column

Column = list[Any]
MOST_CATEGORIES = 1_000_000
WORD = re.compile(r"(?u)\b\w\w+\b")


def fill_text(form: Form, parts: list[Run]) -> Run:
    """Missing texts become the column's filling (None: they stay)."""
    fills = list(form.options["fills"])

    def run(columns: list[Column]) -> list[Column]:
        return [
            column if fill is None else [fill if value is None else value for value in column]
            for column, fill in zip(columns, fills, strict=True)
        ]

    return run


def text_gaps(form: Form, parts: list[Run]) -> Run:
    return lambda columns: (
        np.array([[float(value is None) for value in column] for column in columns], dtype=np.float64).T
    )


def written(form: Form, parts: list[Run]) -> Run:
    """Numbers as text, as the steps write them; `kinds` tells booleans from numbers."""
    kinds = [str(kind) for kind in form.options["kinds"]]
    return lambda values: [written_column(values[:, i], kind, None) for i, kind in enumerate(kinds)]


def as_categories(form: Form, parts: list[Run]) -> Run:
    """Numbers as categories: a column of floats each, missing as None."""
    return lambda values: [
        [None if value != value else value for value in values[:, i].tolist()] for i in range(values.shape[1])
    ]


def one_hot(form: Form, parts: list[Run]) -> Run:
    """1 at the place of the category, nothing at place −1; what is unknown goes to its column's own place."""
    width = int(form.options["width"])
    tables = category_tables(form, "places")
    unknown = list(form.options["unknown"])
    known = [place for table in tables for place in table.values()] + [
        one for one in unknown if one is not None
    ]
    need(len(unknown) == len(tables) and all(-1 <= place < width for place in known), form)

    def run(columns: list[Column]) -> Array:
        made = np.zeros((len(columns[0]), width))
        for table, other, column in zip(tables, unknown, columns, strict=True):
            for row, value in enumerate(column):
                place = table.get(value, other)
                if place is None:
                    raise Refused
                if place >= 0:
                    made[row, place] = 1.0
        return made

    return run


def lookup(form: Form, parts: list[Run]) -> Run:
    """The row of `table` that stands for each category, side by side; unknown ones have their column's own."""
    table = form.floats("table", ndim=2, finite=False)
    tables, unknown = category_tables(form, "rows"), list(form.options["unknown"])
    rows = [row for one in tables for row in one.values()] + [one for one in unknown if one is not None]
    need(len(unknown) == len(tables) and all(0 <= row < len(table) for row in rows), form)

    def run(columns: list[Column]) -> Array:
        found = [
            [one.get(value, other) for value in column]
            for one, other, column in zip(tables, unknown, columns, strict=True)
        ]
        if any(None in column for column in found):
            raise Refused
        places = np.array(found, dtype=np.int64).T
        made: Array = table[places].reshape(len(places), -1)
        return made

    return run


def category_tables(form: Form, name: str) -> list[dict[Hashable, int]]:
    """By column: category → place."""
    categories, places = form.options["categories"], form.options[name]
    need(len(categories) == len(places), form)
    if sum(map(len, categories)) > MOST_CATEGORIES:
        raise Invalid(f"The form {form.op} has too many categories.", field="categories")
    tables: list[dict[Hashable, int]] = []
    for values, rows in zip(categories, places, strict=True):
        need(len(values) == len(rows) and all(type(row) is int for row in rows), form)
        need(all(isinstance(value, str | float | int | None) for value in values), form)
        tables.append(dict(zip(values, rows, strict=True)))
    return tables


def hashes(form: Form, parts: list[Run]) -> Run:
    """The signed hashes of each column's category."""
    n_columns = int(form.options["n_columns"])
    need(1 <= n_columns <= 100_000, form)
    encoder = HashEncoder(n_columns)

    def run(columns: list[Column]) -> Array:
        made = np.zeros((len(columns[0]), len(columns) * n_columns))
        for place, column in enumerate(columns):
            known = {value: encoder._hash(str(value)) for value in set(column)}
            for row, value in enumerate(column):
                slot, sign = known[value]
                made[row, place * n_columns + slot] = sign
        return made

    return run


def term_weights(form: Form, parts: list[Run]) -> Run:
    """TF-IDF of known terms (words of two letters and more, and runs of them), then lengths, column by column."""
    columns = [{str(term): place for place, term in enumerate(terms)} for terms in form.options["terms"]]
    ends = np.cumsum([len(terms) for terms in columns])
    weights = form.floats("weights", ndim=1)
    need(int(ends[-1]) == len(weights) and len(weights) <= MOST_CATEGORIES, form)
    blocks = list(zip(columns, np.split(weights, ends[:-1]), strict=True))
    longest, lengths = int(form.options["longest"]), bool(form.options["lengths"])
    need(1 <= longest <= 5, form)

    def run(texts: list[Column]) -> Array:
        made: list[Array] = [np.empty((len(texts[0]), 0))]
        for (terms, idf), column in zip(blocks, texts, strict=True):
            clean = ["" if value == MISSING else value for value in column]
            if terms:
                made.append(_weighted(clean, terms, idf, longest))
            if lengths:
                made.append(np.array([[len(text), len(text.split())] for text in clean], dtype=np.float64))
        return np.hstack(made)

    return run


def _weighted(texts: Column, terms: dict[str, int], idf: Array, longest: int) -> Array:
    counts = np.zeros((len(texts), len(terms)))
    for row, text in enumerate(texts):
        words = WORD.findall(text.lower())
        for size in range(1, longest + 1):
            for start in range(len(words) - size + 1):
                place = terms.get(" ".join(words[start : start + size]))
                if place is not None:
                    counts[row, place] += 1.0
    found: Array = counts * idf
    length = np.sqrt((found**2).sum(axis=1, keepdims=True))
    return found / np.where(length == 0, 1.0, length)


def numbers_of_text(form: Form, parts: list[Run]) -> Run:
    """What the step `convert` reads of texts, missing as NaN."""
    convert = ConvertColumns([], "number")._numbers
    return lambda columns: np.column_stack([convert(objects(column), "text") for column in columns])


def times_of_text(form: Form, parts: list[Run]) -> Run:
    convert = ConvertColumns([], "time")._times
    return lambda columns: np.column_stack([convert(objects(column), "text") for column in columns])


OPS: dict[str, Any] = {
    "fill_text": fill_text, "text_gaps": text_gaps, "written": written, "as_categories": as_categories,
    "one_hot": one_hot, "lookup": lookup, "hashes": hashes,
    "term_weights": term_weights, "numbers_of_text": numbers_of_text,
    "times_of_text": times_of_text,
}  # fmt: skip
