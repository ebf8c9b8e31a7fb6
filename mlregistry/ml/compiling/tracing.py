"""Follows the columns through a fitted pipeline and writes down the plan from rows to the estimator's matrix.

`compiler` calls it. Each step has a tracer by the name of its class; what a transformer makes is a new register.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mlregistry.ml.compiling.cells import KINDS, NUMBERS, TEXTS, TIMES, names_by_kind
from mlregistry.ml.compiling.forms import Form, Unsupported
from mlregistry.ml.compiling.plan import N_GIVEN, Read, Wire
from mlregistry.ml.signature import Signature

REGISTERS = {"numbers": NUMBERS, "texts": TEXTS, "times": TIMES}
REGISTER_KINDS = {"number": "numbers", "boolean": "numbers", "text": "texts", "time": "times"}


@dataclass(frozen=True)
class Column:
    """Where a column's values stand; `kind` is number, boolean, text or time."""

    name: str
    kind: str
    register: int
    place: int


@dataclass
class Trace:
    """The plan so far, and the columns of the table at this step, in order."""

    columns: list[Column]
    widths: dict[int, int]
    wires: list[Wire] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)

    def by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def step(self, form: Form, columns: Sequence[Column], *, width: int, reads: str | None = None) -> int:
        """Adds a step that reads these columns; returns the register it writes, of `width` columns."""
        kind = reads or _kind_of(columns)
        self.wires.append(Wire(kind, self._reads(columns, together=kind != "mixed")))
        self.forms.append(form)
        register = N_GIVEN + len(self.forms) - 1
        self.widths[register] = width
        return register

    def finished(self) -> Form:
        """The plan, whose result are the present columns as a matrix."""
        if _kind_of(self.columns) != "numbers":
            raise Unsupported("what reaches the estimator are no numbers")
        wires = [*self.wires, Wire("numbers", self._reads(self.columns, together=True))]
        return Form("plan", {"wires": [wire.to_json() for wire in wires]}, parts=tuple(self.forms))

    def _reads(self, columns: Sequence[Column], *, together: bool) -> tuple[Read, ...]:
        """Neighbours of one register as one read, a whole register without places."""
        reads: list[tuple[int, list[int]]] = []
        for column in columns:
            if together and reads and reads[-1][0] == column.register:
                reads[-1][1].append(column.place)
            else:
                reads.append((column.register, [column.place]))
        return tuple(
            (register, None if together and places == list(range(self.widths[register])) else tuple(places))
            for register, places in reads
        )


def _kind_of(columns: Sequence[Column]) -> str:
    kinds = {REGISTER_KINDS[column.kind] for column in columns}
    if len(kinds) != 1:
        raise Unsupported("columns of different kinds are read together")
    return kinds.pop()


def begin(signature: Signature) -> Trace:
    """The columns of a request."""
    names = names_by_kind(signature)
    columns = []
    for one in signature.inputs:
        kind = {"string": "text", "datetime": "time", "boolean": "boolean"}.get(one.type, "number")
        of_kind = names[KINDS[one.type]]
        columns.append(Column(one.name, kind, REGISTERS[KINDS[one.type]], of_kind.index(one.name)))
    return Trace(columns, {REGISTERS[kind]: len(given) for kind, given in names.items()})


def made(names: Sequence[str], register: int, kind: str = "number") -> list[Column]:
    """The columns that a step wrote."""
    return [Column(name, kind, register, place) for place, name in enumerate(names)]


def chosen(trace: Trace, names: Sequence[str]) -> list[Column]:
    by_name = trace.by_name()
    missing = [name for name in names if name not in by_name]
    if missing:
        raise Unsupported(f"there is no column “{missing[0]}” at a step")
    return [by_name[name] for name in names]


def replaced(trace: Trace, names_out: Sequence[str], new: Sequence[Column]) -> None:
    """The table becomes `names_out`: those that are new, the others as they were."""
    known = trace.by_name() | {column.name: column for column in new}
    trace.columns = [known[name] for name in names_out]
