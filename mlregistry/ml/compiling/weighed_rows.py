"""One row of numbers through a linear model: scaled, filled and weighed by one call of machine code.

`scoring` prefers it to `one_row`, with the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from struct import Struct
from struct import error as StructError
from typing import TYPE_CHECKING, Any

import numpy as np

from mlregistry.lib.lazily import lazily
from mlregistry.ml.compiling import one_row
from mlregistry.ml.compiling.forms import Array, Form, Refused
from mlregistry.ml.compiling.plan import Wire

if TYPE_CHECKING:
    from mlregistry.ml.compiling import row_loops
else:
    row_loops = lazily("mlregistry.ml.compiling.row_loops")

Operation = tuple[int, Any]  # its code, and a number for each column or for all


def step_of(forms: Iterable[Form]) -> one_row.Step | None:
    """From a row's cells to a list of numbers, where the forms, one behind the other, are operations of `row_loops`,
    a weighted sum, and what `one_row` knows; else None. Refused as there."""
    flat = [one for form in forms for one in _flat(form)]
    n_before = next((place for place, form in enumerate(flat) if form.op not in OPERATIONS), len(flat))
    before, behind = flat[:n_before], flat[n_before:]
    if not behind or behind[0].op != "affine" or behind[0].arrays["weights"].size > one_row.MOST_WEIGHTS:
        return None
    weights = np.array(behind[0].arrays["weights"].T, dtype=np.float64, order="C")
    intercept = np.array(behind[0].arrays["intercept"], dtype=np.float64)
    operations = [one for form in before for one in OPERATIONS[form.op](form)]
    rest = one_row.step_of(Form("chain", parts=tuple(behind[1:])), {})
    if rest is None or any(np.shape(operand) not in ((), weights.shape[1:]) for _, operand in operations):
        return None
    return _weighing(*_laid(operations, weights.shape[1]), weights, intercept, rest)


def _laid(operations: Sequence[Operation], width: int) -> tuple[Array, Array]:
    operands = np.zeros((len(operations), width))
    for place, (_, operand) in enumerate(operations):
        operands[place] = operand
    return np.array([code for code, _ in operations], dtype=np.int64), operands


def _weighing(
    codes: Array, operands: Array, weights: Array, intercept: Array, rest: one_row.Step
) -> one_row.Step:
    weigh, empty, width, n_outputs = row_loops.weigh, np.empty, operands.shape[1], len(intercept)
    write: Callable[..., None] = Struct(f"{width}d").pack_into  # an array of a tuple costs twice as much

    def run(cells: Sequence[Any]) -> list[float]:
        row, sums = empty(width), empty(n_outputs)
        try:
            write(row, 0, *cells)
        except StructError:  # a gap, or another number of cells
            row = np.array(cells, dtype=np.float64)
        if not weigh(row, codes, operands, weights, intercept, sums):
            raise Refused
        made: list[float] = rest(sums.tolist())
        return made

    return run


def _flat(form: Form) -> list[Form]:
    """The forms that it stands for, where they are one behind the other."""
    if form.op == "chain":
        return [one for part in form.parts for one in _flat(part)]
    if form.op == "plan":
        wires = [Wire.from_json(one) for one in form.options["wires"]]
        if one_row.has_one_step(wires) and wires[0].reads[0][0] == one_row.NUMBERS:
            return _flat(form.parts[0])
    return [] if form.op == "same" else [form]


def _shift_scale(form: Form) -> list[Operation]:
    codes = (
        ("minus", row_loops.MINUS),
        ("over", row_loops.OVER),
        ("times", row_loops.TIMES),
        ("plus", row_loops.PLUS),
    )
    return [(code, form.arrays[name]) for name, code in codes if name in form.arrays]


def _guard(form: Form) -> list[Operation]:
    return [({"finite": row_loops.FINITE, "bounded": row_loops.BOUNDED}[form.options["allows"]], 0.0)]


def _final(form: Form) -> list[Operation]:
    return [(row_loops.REPLACE, math.nan if form.options["gaps"] else form.arrays["medians"])]


OPERATIONS: dict[str, Callable[[Form], list[Operation]]] = {
    "guard": _guard, "shift_scale": _shift_scale, "final": _final,
    "fill": lambda form: [(row_loops.FILL, form.arrays["fills"])],
}  # fmt: skip
