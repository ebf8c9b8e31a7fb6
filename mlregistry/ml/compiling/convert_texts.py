"""Converters of encoders: what stands for each category is asked of the fitted encoder itself, one category a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mlregistry.ml.compiling.forms import Array, Form, Unsupported

MOST_PROBED = 20_000
NOBODY = "\x00"  # no text of a request holds it


def convert_texts(encoder: Any) -> Form:
    """The form of a fitted encoder on columns of text, or of numbers as categories."""
    found = type(encoder)
    converter = TABLE.get(found.__name__)
    if converter is None or not found.__module__.startswith(("sklearn.", "mlregistry.")):
        raise Unsupported(f"{found.__name__} has no compiled form")
    return converter(encoder)


def one_hot(encoder: Any) -> Form:
    categories, answers = _probed(encoder)
    starts = np.concatenate([[0], np.cumsum(encoder._n_features_outs)]).astype(int)
    places, unknown = [], []
    for i, block in enumerate(answers):
        own = block[:, starts[i] : starts[i + 1]]
        found = np.where(own.any(axis=1), own.argmax(axis=1) + starts[i], -1)
        places.append([int(place) for place in found])
        unknown.append(_unknown_place(encoder, i, places[-1], categories[i]))
    options = {
        "width": int(starts[-1]), "categories": categories, "places": places, "unknown": unknown,
    }  # fmt: skip
    return Form("one_hot", options)


def _unknown_place(encoder: Any, i: int, places: Sequence[int], categories: list[Any]) -> int | None:
    """Where an unknown category goes: None (it is refused), −1 (nowhere), or with the infrequent ones."""
    if encoder.handle_unknown == "error":
        return None
    rare = getattr(encoder, "infrequent_categories_", [None] * len(encoder.categories_))[i]
    if encoder.handle_unknown == "ignore" or rare is None:
        return -1
    first = rare[0]
    return places[categories.index(first)]


def ordinal(encoder: Any) -> Form:
    categories, answers = _probed(encoder)
    columns = [block[:, i] for i, block in enumerate(answers)]
    other = float("nan") if encoder.unknown_value is None else float(encoder.unknown_value)
    unknown = None if encoder.handle_unknown == "error" else other
    return _looked_up(categories, [column[:, None] for column in columns], unknown)


def target(encoder: Any) -> Form:
    """The means of the target; of several classes one column each."""
    categories = [_keys(values) for values in encoder.categories_]
    n_classes = len(encoder.classes_) if encoder.target_type_ == "multiclass" else 1
    tables, others = [], []
    for i in range(len(categories)):
        encodings = encoder.encodings_[i * n_classes : (i + 1) * n_classes]
        tables.append(np.column_stack(encodings))
        others.append(np.atleast_1d(np.asarray(encoder.target_mean_, dtype=np.float64)))
    return _looked_up(categories, tables, others)


def frequency(encoder: Any) -> Form:
    categories = [list(shares) for shares in encoder.shares_]
    tables = [
        np.array([[share] for share in shares.values()], dtype=np.float64) for shares in encoder.shares_
    ]
    return _looked_up(categories, [table.reshape(-1, 1) for table in tables], 0.0)


def in_order(encoder: Any) -> Form:
    names = [str(name) for name in encoder.order]
    table = np.arange(len(names), dtype=np.float64)[:, None]
    # A category that stands twice in the order keeps its last place.
    return _looked_up([names] * encoder.n_features_in_, [table] * encoder.n_features_in_, -1.0)


def hashed(encoder: Any) -> Form:
    return Form("hashes", {"n_columns": int(encoder.n_columns)})


def text_features(encoder: Any) -> Form:
    """Ours: the terms of each column in their order with their inverse document frequency."""
    found = encoder.vectorizers_
    terms = [[] if one is None else [str(term) for term in one.get_feature_names_out()] for one in found]
    weights = [np.empty(0) if one is None else np.asarray(one.idf_, dtype=np.float64) for one in found]
    options = {"terms": terms, "longest": int(encoder.longest_phrase), "lengths": bool(encoder.lengths)}
    return Form("term_weights", options, {"weights": np.concatenate(weights)})


def _looked_up(categories: list[list[Any]], tables: Sequence[Array], unknown: Any) -> Form:
    """`unknown`: one value for all columns, a row per column, or None where unknown ones are refused."""
    rows: list[list[int]] = []
    others: list[int | None] = []
    blocks, start = [], 0
    for i, table in enumerate(tables):
        rows.append(list(range(start, start + len(table))))
        blocks.append(np.asarray(table, dtype=np.float64))
        start += len(table)
        if unknown is None:
            others.append(None)
            continue
        other = unknown[i] if isinstance(unknown, list) else np.full(table.shape[1], unknown)
        blocks.append(np.asarray(other, dtype=np.float64)[None, :])
        others.append(start)
        start += 1
    options = {"categories": categories, "rows": rows, "unknown": others}
    return Form("lookup", options, {"table": np.concatenate(blocks)})


def _probed(encoder: Any) -> tuple[list[list[Any]], list[Array]]:
    """The categories, and per column what the encoder makes of each, the other columns at their first."""
    n = sum(map(len, encoder.categories_))
    if n > MOST_PROBED:
        raise Unsupported(f"{n:,} categories are more than {MOST_PROBED:,}")
    answers = []
    for i, values in enumerate(encoder.categories_):
        rows = np.empty((len(values), len(encoder.categories_)), dtype=_dtype(encoder))
        for j, others in enumerate(encoder.categories_):
            rows[:, j] = values if i == j else others[0]
        made = encoder.transform(_framed(encoder, rows))
        answers.append(np.asarray(made.toarray() if hasattr(made, "toarray") else made, dtype=np.float64))
    return [_keys(values) for values in encoder.categories_], answers


def _dtype(encoder: Any) -> Any:
    kinds = {np.asarray(values).dtype.kind for values in encoder.categories_}
    return np.float64 if kinds <= set("fiub") else object


def _framed(encoder: Any, rows: Array) -> Any:
    names = getattr(encoder, "feature_names_in_", None)
    if names is None:
        return rows
    return pd.DataFrame({name: pd.Series(rows[:, i], dtype=rows.dtype) for i, name in enumerate(names)})


def _keys(values: Array) -> list[Any]:
    """The categories as a row's cells are told: missing is None.

    Among texts NaN is a category that no request reaches, for a missing text is None to the native encoder.
    """
    if values.dtype.kind in "fiub":
        return [None if value != value else float(value) for value in values.tolist()]
    return [NOBODY if value != value else value for value in values.tolist()]


TABLE: dict[str, Callable[[Any], Form]] = {
    "OneHotEncoder": one_hot, "OrdinalEncoder": ordinal, "TargetEncoder": target, "FrequencyEncoder": frequency,
    "OrderEncoder": in_order, "TextFeatures": text_features, "HashEncoder": hashed,
}  # fmt: skip
