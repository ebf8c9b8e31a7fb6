"""From a form to the function it stands for; every array is checked here, once. Scoring and the parity gate call it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mlregistry.errors import Invalid
from mlregistry.ml.compiling import (
    ensembles,
    joining,
    neighbours,
    numbers,
    onnx_ops,
    plan,
    tables,
    texts,
    trees,
)
from mlregistry.ml.compiling.forms import Form, Run

OPS: dict[str, Callable[[Form, list[Run]], Run]] = {
    **joining.OPS, **numbers.OPS, **texts.OPS, **tables.OPS, **trees.OPS, **plan.OPS, **ensembles.OPS,
    **neighbours.OPS, **onnx_ops.OPS,
}  # fmt: skip
DEEPEST = 32
MOST_FORMS = 20_000


def build(form: Form, built: dict[int, Run] | None = None) -> Run:
    """Invalid for an unknown operation and for options or arrays that do not fit together. `built` takes the functions
    of the trees within, by the `id` of their forms, for whoever has another use of them."""
    if sum(1 for _ in form.all()) > MOST_FORMS:
        raise Invalid("The compiled form has too many parts.", field="parts")
    try:
        return _build(form, 0, {} if built is None else built)
    except (
        KeyError,
        TypeError,
        ValueError,
        IndexError,
        AttributeError,
        OverflowError,
        np.exceptions.AxisError,
    ) as error:
        raise Invalid(f"The compiled form does not fit together: {error}", field="form") from error


def _build(form: Form, depth: int, built: dict[int, Run]) -> Run:
    make = OPS.get(form.op)
    if make is None:
        raise Invalid(f"There is no operation “{form.op[:60]}”.", field="op")
    if depth > DEEPEST:
        raise Invalid("The compiled form is nested too deep.", field="parts")
    made = make(form, [_build(part, depth + 1, built) for part in form.parts])
    if form.op in trees.OPS:
        built[id(form)] = made
    return made
