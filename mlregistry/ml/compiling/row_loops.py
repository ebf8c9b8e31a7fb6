"""A row of numbers through scaling, filling and weighted sums as machine code. `weighed_rows` loads it when needed.

Each value meets the steps one after the other, and a sum goes from left to right with its intercept at the end, as
`one_row` does both in Python: the bits are the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mlregistry.lib.machine_code import machine_code, part

MINUS, OVER, TIMES, PLUS, FILL, REPLACE, FINITE, BOUNDED = range(8)


@part
def _refuses(step: Any, value: Any) -> Any:
    if step == FINITE:
        return not np.isfinite(value)
    return step == BOUNDED and np.isinf(value)


@part
def _changed(step: Any, value: Any, operand: Any) -> Any:
    if step == MINUS:
        return value - operand
    if step == OVER:
        return value / operand
    if step == TIMES:
        return value * operand
    if step == PLUS:
        return value + operand
    if (step == FILL and np.isnan(value)) or (step == REPLACE and not np.isfinite(value)):
        return operand
    return value


@machine_code(
    "boolean(float64[::1], int64[::1], float64[:, ::1], float64[:, ::1], float64[::1], float64[::1])"
)
def weigh(row: Any, steps: Any, operands: Any, weights: Any, intercept: Any, sums: Any) -> Any:
    """Fills in the weighted sums of a row, which is written over; false where a step refuses one of its values or the
    widths differ. `operands` are steps × columns (those of a guard have no meaning), `weights` outputs × columns."""
    if len(row) != weights.shape[1] or len(row) != operands.shape[1]:
        return False
    for place in range(len(steps)):
        for column in range(len(row)):
            if _refuses(steps[place], row[column]):
                return False
            row[column] = _changed(steps[place], row[column], operands[place, column])
    for output in range(len(sums)):
        total = 0.0
        for column in range(len(row)):
            total += row[column] * weights[output, column]
        sums[output] = total + intercept[output]
    return True
