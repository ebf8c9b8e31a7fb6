"""The row plan: from the decoded cells of rows to the matrix that the estimator takes, through registers.

Register 0 holds the numbers, 1 the texts, 2 the times of the request; each step adds one. A read names a register
and the places in it (None: all).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlregistry.ml.compiling.forms import Form, Run, need

Registers = list[Any]
Read = tuple[int, tuple[int, ...] | None]
N_GIVEN = 3
ARRAYS = frozenset({"numbers", "times"})


@dataclass(frozen=True)
class Wire:
    """How a step gets its input: `kind` is numbers, texts, times or mixed (one column after the other)."""

    kind: str
    reads: tuple[Read, ...]

    def to_json(self) -> dict[str, Any]:
        reads = [[register, None if places is None else list(places)] for register, places in self.reads]
        return {"kind": self.kind, "reads": reads}

    @classmethod
    def from_json(cls, data: Any) -> Wire:
        reads = tuple((int(r), None if p is None else tuple(int(i) for i in p)) for r, p in data["reads"])
        return cls(str(data["kind"]), reads)


def plan(form: Form, parts: list[Run]) -> Run:
    """A function from the three given registers to the matrix."""
    wires = [Wire.from_json(one) for one in form.options["wires"]]
    need(len(wires) == len(parts) + 1, form)
    for place, wire in enumerate(wires):
        need(all(0 <= register < N_GIVEN + place for register, _ in wire.reads), form)
        need(all(i >= 0 for _, places in wire.reads for i in places or ()), form)
    steps = [(_reader(wire), part) for wire, part in zip(wires, parts, strict=False)]
    result = _reader(wires[-1])

    def run(given: tuple[Any, Any, Any]) -> Any:
        registers: Registers = list(given)
        for read, part in steps:
            registers.append(part(read(registers)))
        return result(registers)

    return run


def _reader(wire: Wire) -> Callable[[Registers], Any]:
    if wire.kind == "mixed":
        return _one_by_one(wire.reads)
    if wire.kind == "texts":
        return _texts(wire.reads)
    return _matrix(wire.reads)


def _matrix(reads: Sequence[Read]) -> Callable[[Registers], Any]:
    """The columns of one or more registers, in order. Whole registers are joined as they are."""
    if len(reads) == 1:
        return _columns(*reads[0])
    if all(places is None for _, places in reads):
        whole = [register for register, _ in reads]
        return lambda registers: np.concatenate([registers[r] for r in whole], axis=1)
    readers = [_columns(register, places) for register, places in reads]
    return lambda registers: np.concatenate([read(registers) for read in readers], axis=1)


def _columns(register: int, places: tuple[int, ...] | None) -> Callable[[Registers], Any]:
    if places is None:
        return lambda registers: registers[register]
    if places and places == tuple(range(places[0], places[-1] + 1)):
        low, high = places[0], places[-1] + 1
        return lambda registers: registers[register][:, low:high]
    chosen = np.array(places, dtype=np.int64)
    return lambda registers: registers[register].take(chosen, axis=1)


def _texts(reads: Sequence[Read]) -> Callable[[Registers], Any]:
    def read(registers: Registers) -> list[Any]:
        found: list[Any] = []
        for register, places in reads:
            columns = registers[register]
            found += columns if places is None else [columns[place] for place in places]
        return found

    return read


def _one_by_one(reads: Sequence[Read]) -> Callable[[Registers], Any]:
    """Single columns: a list for texts, else an array of one dimension."""
    wanted = [(register, place) for register, places in reads for place in places or ()]

    def read(registers: Registers) -> list[Any]:
        found = []
        for register, place in wanted:
            values = registers[register]
            found.append(values[place] if isinstance(values, list) else values[:, place])
        return found

    return read


OPS: dict[str, Any] = {"plan": plan}
