"""Tracers of our own recipe steps. `compiler` looks them up by the class of the step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mlregistry.ml.compiling.convert_texts import convert_texts
from mlregistry.ml.compiling.converting import TRANSFORM, convert
from mlregistry.ml.compiling.forms import Form, Unsupported
from mlregistry.ml.compiling.tracing import Column, Trace, chosen, made, replaced
from mlregistry.ml.steps.frames import MISSING

Tracer = Callable[[Trace, Any], None]


def read_columns(trace: Trace, step: Any) -> None:
    """The raw frame in the kinds of training, which must be those of the signature."""
    columns = chosen(trace, step.names_out_)
    for column in columns:
        wanted = step.kinds_[column.name]
        if column.kind != wanted and {column.kind, wanted} != {"number", "boolean"}:
            raise Unsupported(
                f"column “{column.name}” is {column.kind} in the signature and {wanted} in training"
            )
    trace.columns = [Column(c.name, step.kinds_[c.name], c.register, c.place) for c in columns]


def apply_to(trace: Trace, step: Any) -> None:
    """A transformer on some columns."""
    if not step.columns_:
        return
    columns = chosen(trace, step.columns_)
    if step.reads == "times":
        dates = step.transformer_
        form = Form("date_parts", {"parts": list(dates.parts), "cyclic": bool(dates.cyclic)})
        register = trace.step(form, columns, width=len(step.made_), reads="times")
    elif step.reads == "numbers":
        register = trace.step(
            convert(step.transformer_, TRANSFORM), columns, width=len(step.made_), reads="numbers"
        )
    else:
        texts = as_text(trace, columns, MISSING)
        register = trace.step(convert_texts(step.transformer_), texts, width=len(step.made_))
    replaced(trace, step.names_out_, made(step.made_, register))


def as_text(trace: Trace, columns: list[Column], missing: str | None) -> list[Column]:
    """The columns as text, gaps as `missing`; numbers and times are written first."""
    texts = [column if column.kind == "text" else _written(trace, column) for column in columns]
    if missing is None:
        return texts
    form = Form("fill_text", {"fills": [missing] * len(texts)})
    return made([column.name for column in texts], trace.step(form, texts, width=len(texts)), "text")


def _written(trace: Trace, column: Column) -> Column:
    if column.kind == "time":
        raise Unsupported("times that are read as text have no compiled form")
    register = trace.step(Form("written", {"kinds": [column.kind]}), [column], width=1)
    return Column(column.name, "text", register, 0)


def select_columns(trace: Trace, step: Any) -> None:
    trace.columns = chosen(trace, step.names_out_)


def fill_gaps(trace: Trace, step: Any) -> None:
    """What is missing is filled, kind by kind, and marked where it was asked."""
    new: list[Column] = []
    for kinds, op in ((("number", "boolean"), "fill"), (("text",), "fill_text"), (("time",), "fill_times")):
        columns = [column for column in chosen(trace, step.columns_) if column.kind in kinds]
        if columns:
            new += _filled(trace, columns, [step.fills_[column.name] for column in columns], op)
    for mark, name in zip(step.marks_, step.marked_, strict=True):
        new.append(_mark(trace, mark, trace.by_name()[name]))
    replaced(trace, step.names_out_, new)


def _filled(trace: Trace, columns: list[Column], fills: list[Any], op: str) -> list[Column]:
    form = (
        Form(op, arrays={"fills": np.array(fills, dtype=np.float64)})
        if op == "fill"
        else Form(op, {"fills": fills})
    )
    register = trace.step(form, columns, width=len(columns))
    return [Column(c.name, c.kind, register, place) for place, c in enumerate(columns)]


def _mark(trace: Trace, mark: str, column: Column) -> Column:
    op = {"text": "text_gaps", "time": "time_gaps"}.get(column.kind, "gaps")
    return Column(mark, "number", trace.step(Form(op), [column], width=1), 0)


def convert_columns(trace: Trace, step: Any) -> None:
    new = [_converted(trace, column, step) for column in chosen(trace, step.columns_)]
    replaced(trace, step.names_out_, new)


def _converted(trace: Trace, column: Column, step: Any) -> Column:
    if step.to == "text":
        return as_text(trace, [column], None)[0]
    if step.to == "number":
        if column.kind in ("number", "boolean"):
            return Column(column.name, "number", column.register, column.place)
        form = Form("numbers_of_text")
    elif column.kind == "time":
        return column
    else:
        form = (
            Form("times_of_text") if column.kind == "text" else Form("times_of_numbers", {"unit": step.unit})
        )
    if step.to == "number" and column.kind == "time":
        raise Unsupported("times that are read as numbers have no compiled form")
    return Column(column.name, step.to, trace.step(form, [column], width=1), 0)


def formula(trace: Trace, step: Any) -> None:
    columns = chosen(trace, step.columns_)
    if not columns:
        raise Unsupported("a formula without columns has no compiled form")
    options = {
        "columns": [column.name for column in columns], "kinds": [column.kind for column in columns],
        "formula": step.formula, "kind": step.kind_,
    }  # fmt: skip
    register = trace.step(Form("formula", options), columns, width=1, reads="mixed")
    replaced(trace, step.names_out_, [Column(step.name, step.kind_, register, 0)])


def group_figures(trace: Trace, step: Any) -> None:
    keys = sorted(step.places_, key=step.places_.__getitem__)
    form = Form("groups", {"keys": keys}, {"table": np.asarray(step.table_, dtype=np.float64)})
    columns = as_text(trace, chosen(trace, step.keys_), MISSING)
    register = trace.step(form, columns, width=len(step.made_))
    replaced(trace, step.names_out_, made(step.made_, register))


def final_matrix(trace: Trace, step: Any) -> None:
    columns = chosen(trace, step.names_out_)
    form = Form("final", {"gaps": bool(step.gaps)}, {"medians": np.asarray(step.medians_, dtype=np.float64)})
    register = trace.step(form, columns, width=len(columns))
    trace.columns = made([column.name for column in columns], register)


TRACERS: dict[str, Tracer] = {
    "ReadColumns": read_columns, "ApplyTo": apply_to, "DropColumns": select_columns, "KeepColumns": select_columns,
    "DropUseless": select_columns, "FillGaps": fill_gaps, "ConvertColumns": convert_columns, "FormulaColumn": formula,
    "GroupAggregates": group_figures, "FinalMatrix": final_matrix,
}  # fmt: skip
