"""Tracers of scikit-learn's own transformers on a frame: by columns, side by side, one after another."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlregistry.ml.compiling import convert_texts
from mlregistry.ml.compiling.converting import TRANSFORM, convert
from mlregistry.ml.compiling.forms import Array, Form, Unsupported
from mlregistry.ml.compiling.tracing import Column, Trace, made

NUMERIC = ("number", "boolean")


def transformed(trace: Trace, transformer: Any, columns: list[Column]) -> list[Column]:
    """The columns that the fitted transformer makes of these, as steps of the plan."""
    name = type(transformer).__name__
    if name == "ColumnTransformer":
        return _by_columns(trace, transformer, columns)
    if name == "Pipeline":
        for _, step in transformer.steps:
            if step is not None and step != "passthrough":
                columns = transformed(trace, step, columns)
        return columns
    if name == "FeatureUnion":
        return _union(trace, transformer, columns)
    if name == "SimpleImputer" and columns and columns[0].kind == "text":
        return _filled_text(trace, transformer, columns)
    if name in convert_texts.TABLE:
        return _encoded(trace, transformer, columns)
    if any(column.kind not in NUMERIC for column in columns):
        raise Unsupported(f"{name} on texts has no compiled form")
    form = convert(transformer, TRANSFORM)
    return _anonymous(trace, form, columns, _width(transformer, len(columns)))


def _by_columns(trace: Trace, transformer: Any, columns: list[Column]) -> list[Column]:
    if transformer.transformer_weights:
        raise Unsupported("weights of a column transformer have no compiled form")
    found: list[Column] = []
    for name, one, _ in transformer.transformers_:
        places = transformer._transformer_to_input_indices[name]
        own = [columns[place] for place in places]
        if (isinstance(one, str) and one == "drop") or not own:
            continue
        found += own if isinstance(one, str) else transformed(trace, one, own)
    return found


def _union(trace: Trace, union: Any, columns: list[Column]) -> list[Column]:
    if union.transformer_weights:
        raise Unsupported("weights of a union have no compiled form")
    kept = [one for _, one in union.transformer_list if one != "drop"]
    return [
        column
        for one in kept
        for column in (columns if one == "passthrough" else transformed(trace, one, columns))
    ]


def _encoded(trace: Trace, encoder: Any, columns: list[Column]) -> list[Column]:
    """An encoder of texts, or of numbers as categories; not of both at once."""
    form = convert_texts.convert_texts(encoder)
    if all(column.kind == "text" for column in columns):
        texts = columns
    elif all(column.kind in NUMERIC for column in columns):
        register = trace.step(Form("as_categories"), columns, width=len(columns))
        texts = made([column.name for column in columns], register, "text")
    else:
        raise Unsupported("an encoder of texts and numbers together has no compiled form")
    return _anonymous(trace, form, texts, _width(encoder, len(columns)))


def _filled_text(trace: Trace, imputer: Any, columns: list[Column]) -> list[Column]:
    """Gaps of a frame's texts are None; an imputer that looks for NaN finds none of them."""
    if getattr(imputer, "indicator_", None) is not None:
        raise Unsupported("marks of missing texts have no compiled form")
    fills = [str(value) for value in imputer.statistics_.tolist()]
    if imputer.missing_values is not None:
        return columns
    register = trace.step(Form("fill_text", {"fills": fills}), columns, width=len(columns))
    return made([column.name for column in columns], register, "text")


def _anonymous(trace: Trace, form: Form, columns: list[Column], width: int) -> list[Column]:
    register = trace.step(form, columns, width=width)
    return made([f"{register}:{place}" for place in range(width)], register)


def _width(transformer: Any, n_columns: int) -> int:
    """How many columns it makes."""
    names = [f"c{place}" for place in range(n_columns)]
    known = getattr(transformer, "feature_names_in_", None)
    try:
        given: Array = np.array(names if known is None else known, dtype=object)
        return len(transformer.get_feature_names_out(given))
    except (AttributeError, ValueError, TypeError):
        made = transformer.transform(np.zeros((1, n_columns)))
        return int(made.shape[1])
