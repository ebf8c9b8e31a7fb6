"""Rows for the parity gate of a model whose training data is not here: the example, and made from the signature."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mlregistry.ml.signature import Field, Signature

N_ROWS = 300
UNSEEN = "a category that nobody has seen"
WORDS = ("", "a", "b", "A long text, with commas", "Ünïcödé 漢字")
Row = dict[str, Any]


def rows(signature: Signature, example: Sequence[Row], *, n_rows: int = N_ROWS, seed: int = 0) -> list[Row]:
    """The example first; then each column drawn by itself, around the example's values where there are some."""
    rng = np.random.default_rng(seed)
    columns = {field.name: _column(field, example, n_rows, rng) for field in signature.inputs}
    made = [{name: values[place] for name, values in columns.items()} for place in range(n_rows)]
    return [*(dict(row) for row in example), *made]


def _column(field: Field, example: Sequence[Row], n_rows: int, rng: np.random.Generator) -> list[Any]:
    seen = [row[field.name] for row in example if row.get(field.name) is not None]
    values: list[Any] = MAKERS[field.type](field, seen, n_rows, rng)
    if not field.required:
        gaps = rng.random(n_rows) < 0.03
        values = [None if gap else value for value, gap in zip(values, gaps.tolist(), strict=True)]
    return values


def _numbers(field: Field, seen: list[Any], n_rows: int, rng: np.random.Generator) -> list[Any]:
    """Near what was seen, far from it, and whole ones."""
    center = float(np.median(seen)) if seen else 0.0
    scale = max(float(np.std(seen)), abs(center) / 2, 1e-9) if seen else 1.0
    near, far = rng.normal(center, scale, n_rows), rng.normal(center, 30 * scale, n_rows)
    kind = rng.random(n_rows)
    found = np.where(kind < 0.7, near, np.where(kind < 0.9, far, np.rint(near)))
    values: list[Any] = (np.rint(found) if field.type == "integer" else found).tolist()
    return values


def _texts(field: Field, seen: list[Any], n_rows: int, rng: np.random.Generator) -> list[Any]:
    known = [str(value) for value in (*field.categories, *seen)] or list(WORDS)
    found = [known[place] for place in rng.integers(0, len(known), n_rows).tolist()]
    return [
        UNSEEN if odd else value
        for value, odd in zip(found, (rng.random(n_rows) < 0.05).tolist(), strict=True)
    ]


def _booleans(field: Field, seen: list[Any], n_rows: int, rng: np.random.Generator) -> list[Any]:
    values: list[Any] = (rng.random(n_rows) < 0.5).tolist()
    return values


def _times(field: Field, seen: list[Any], n_rows: int, rng: np.random.Generator) -> list[Any]:
    start = datetime.datetime(2000, 1, 1)
    hours = rng.integers(0, 30 * 365 * 24, n_rows).tolist()
    return [(start + datetime.timedelta(hours=hour)).isoformat() for hour in hours]


MAKERS: Mapping[str, Any] = {
    "integer": _numbers,
    "float": _numbers,
    "string": _texts,
    "boolean": _booleans,
    "datetime": _times,
}
