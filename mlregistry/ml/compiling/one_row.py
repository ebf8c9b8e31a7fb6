"""One row through a form in plain Python: for a single row the calls of NumPy cost more than its arithmetic.

`scoring` tries it for requests of one row; forms with other operations go through arrays, and trees through their
machine code. What is done to single numbers gives the same bits as in `numbers` and `texts`; a weighted sum differs
from an array's by its rounding alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import add, mul, sub, truediv
from struct import Struct
from typing import Any

import numpy as np

from mlregistry.ml.compiling.forms import Form, Refused, Run
from mlregistry.ml.compiling.plan import N_GIVEN, Wire
from mlregistry.ml.compiling.texts import category_tables

Step = Callable[[Any], Any]
NUMBERS, TEXTS = 0, 1
MOST_WEIGHTS = 4_000  # beyond, arrays are quicker


class _Unknown(Exception):
    """An operation that is not written for single rows."""


def step_of(form: Form, built: Mapping[int, Run]) -> Step | None:
    """From the numbers and texts of a row (for a plan), or from a list of numbers, to a list of numbers.

    None where arrays have to do it. The form was checked by `building`, which also `built` its trees; Refused as there.
    """
    try:
        return _made(form, built)
    except _Unknown:
        return None


def _made(form: Form, built: Mapping[int, Run]) -> Step:
    if id(form) in built:
        return _through_trees(built[id(form)], int(form.options["n_features"]))
    make = OPS.get(form.op)
    if make is None:
        raise _Unknown
    return make(form, [_made(part, built) for part in form.parts])


def _through_trees(run: Run, width: int) -> Step:
    # An array of a list costs twice as much; a list of another length is an error here.
    write: Callable[..., None] = Struct(f"{width}d").pack_into
    empty = np.empty

    def step(values: list[float]) -> list[float]:
        row = empty((1, width))
        write(row, 0, *values)
        found: list[float] = run(row).tolist()[0]
        return found

    return step


def _plan(form: Form, parts: list[Step]) -> Step:
    wires = [Wire.from_json(one) for one in form.options["wires"]]
    if any(wire.kind not in ("numbers", "texts") for wire in wires):
        raise _Unknown
    steps = [(_reader(wire), part) for wire, part in zip(wires, parts, strict=False)]
    result = _reader(wires[-1])
    if has_one_step(wires):
        return _only_step(wires[0].reads[0][0], parts[0])

    def run(given: tuple[list[float], list[Any]]) -> list[float]:
        registers: list[Any] = [*given, *[None] * (N_GIVEN - len(given))]
        for read, part in steps:
            registers.append(part(read(registers)))
        found: list[float] = result(registers)
        return found

    return run


def _only_step(register: int, part: Step) -> Step:
    return lambda given: part(given[register])


def has_one_step(wires: Sequence[Wire]) -> bool:
    """Whether what it gives is the result, and one register all that it takes."""
    return len(wires) == 2 and all(map(_is_whole, wires)) and wires[1].reads[0][0] == N_GIVEN


def _is_whole(wire: Wire) -> bool:
    return len(wire.reads) == 1 and wire.reads[0][1] is None


def _reader(wire: Wire) -> Step:
    """The values of one or more registers, in order."""
    if _is_whole(wire):
        register = wire.reads[0][0]
        return lambda registers: registers[register]

    def read(registers: list[Any]) -> list[Any]:
        found: list[Any] = []
        for register, places in wire.reads:
            values = registers[register]
            found += values if places is None else [values[place] for place in places]
        return found

    return read


def _chain(form: Form, parts: list[Step]) -> Step:
    if len(parts) == 2:
        first, second = parts
        return lambda values: second(first(values))
    if len(parts) == 3:
        first, second, third = parts
        return lambda values: third(second(first(values)))

    def run(values: Any) -> Any:
        for part in parts:
            values = part(values)
        return values

    return run


def _side_by_side(form: Form, parts: list[Step]) -> Step:
    return lambda values: [value for part in parts for value in part(values)]


def _guard(form: Form, parts: list[Step]) -> Step:
    refuses = {"finite": lambda value: not math.isfinite(value), "bounded": math.isinf}[
        form.options["allows"]
    ]

    def run(values: list[float]) -> list[float]:
        if not math.isfinite(sum(values)) and any(map(refuses, values)):
            raise Refused
        return values

    return run


def _shift_scale(form: Form, parts: list[Step]) -> Step:
    names = (("minus", sub), ("over", truediv), ("times", mul), ("plus", add))
    steps = [(function, form.arrays[name].tolist()) for name, function in names if name in form.arrays]
    if 0.0 in form.arrays.get("over", ()):  # Python raises where an array has an infinity
        raise _Unknown

    def run(values: list[float]) -> list[float]:
        found: Iterable[float] = values
        for function, operand in steps:
            found = map(function, found, operand)
        return list(found)

    return run


def _fill(form: Form, parts: list[Step]) -> Step:
    fills = form.arrays["fills"].tolist()
    return lambda values: [
        fill if value != value else value for value, fill in zip(values, fills, strict=True)
    ]


def _final(form: Form, parts: list[Step]) -> Step:
    instead = [math.nan if form.options["gaps"] else median for median in form.arrays["medians"].tolist()]

    def run(values: list[float]) -> list[float]:
        if math.isfinite(sum(values)):
            return values
        return [
            value if math.isfinite(value) else other for value, other in zip(values, instead, strict=True)
        ]

    return run


def _take(form: Form, parts: list[Step]) -> Step:
    places, width = form.arrays["places"].tolist(), int(form.options["width"])

    def run(values: list[float]) -> list[float]:
        if len(values) != width:
            raise Refused
        return [values[place] for place in places]

    return run


def _one_hot(form: Form, parts: list[Step]) -> Step:
    columns = list(zip(category_tables(form, "places"), form.options["unknown"], strict=True))
    width = int(form.options["width"])

    def run(texts: list[Any]) -> list[float]:
        made = [0.0] * width
        for (table, other), value in zip(columns, texts, strict=True):
            place = table.get(value, other)
            if place is None:
                raise Refused
            if place >= 0:
                made[place] = 1.0
        return made

    return run


def _lookup(form: Form, parts: list[Step]) -> Step:
    columns = list(zip(category_tables(form, "rows"), form.options["unknown"], strict=True))
    rows = form.arrays["table"].tolist()

    def run(texts: list[Any]) -> list[float]:
        found: list[float] = []
        for (table, other), value in zip(columns, texts, strict=True):
            row = table.get(value, other)
            if row is None:
                raise Refused
            found += rows[row]
        return found

    return run


def _fill_text(form: Form, parts: list[Step]) -> Step:
    fills = list(form.options["fills"])
    return lambda texts: [fill if value is None else value for value, fill in zip(texts, fills, strict=True)]


def _affine(form: Form, parts: list[Step]) -> Step:
    """Each output is a sum from left to right; the intercept comes last, as in the array's form."""
    if form.arrays["weights"].size > MOST_WEIGHTS:
        raise _Unknown
    outputs = list(zip(form.arrays["weights"].T.tolist(), form.arrays["intercept"].tolist(), strict=True))
    width = len(outputs[0][0])
    if len(outputs) == 1:
        return _weighted_sum(*outputs[0])

    def run(values: list[float]) -> list[float]:
        if len(values) != width:
            raise Refused
        return [sum(map(mul, values, weights)) + intercept for weights, intercept in outputs]

    return run


def _weighted_sum(weights: list[float], intercept: float) -> Step:
    width = len(weights)

    def run(values: list[float]) -> list[float]:
        if len(values) != width:
            raise Refused
        return [sum(map(mul, values, weights)) + intercept]

    return run


def _link(form: Form, parts: list[Step]) -> Step:
    found = LINKS.get(form.options["link"])
    if found is None:
        raise _Unknown
    return found


def _sigmoid(score: float) -> float:
    if score >= 0:
        return 1.0 / (1.0 + math.exp(-score))
    raised = math.exp(score)
    return raised / (1.0 + raised)


def _two_sigmoid(scores: list[float]) -> list[float]:
    second = _sigmoid(scores[0])
    return [1 - second, second]


def _softmax(scores: list[float]) -> list[float]:
    most = max(scores)
    raised = [math.exp(score - most) for score in scores]
    total = sum(raised)
    return [one / total for one in raised]


LINKS: dict[str, Step] = {
    "two_sigmoid": _two_sigmoid, "softmax": _softmax, "sigmoid": lambda scores: list(map(_sigmoid, scores)),
}  # fmt: skip
OPS: dict[str, Callable[[Form, list[Step]], Step]] = {
    "plan": _plan, "chain": _chain, "side_by_side": _side_by_side, "guard": _guard, "shift_scale": _shift_scale,
    "same": lambda form, parts: lambda values: values, "fill": _fill, "final": _final, "take": _take,
    "gaps": lambda form, parts: lambda values: [float(value != value) for value in values],
    "one_hot": _one_hot, "lookup": _lookup, "fill_text": _fill_text,
    "text_gaps": lambda form, parts: lambda texts: [float(value is None) for value in texts],
    "affine": _affine, "link": _link,
}  # fmt: skip


def floats(cells: Sequence[Any]) -> list[float]:
    """Numbers as an array would hold them; missing ones as NaN."""
    try:
        return list(map(float, cells))
    except TypeError:
        return [math.nan if cell is None else float(cell) for cell in cells]
