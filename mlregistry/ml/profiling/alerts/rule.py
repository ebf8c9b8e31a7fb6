"""What a rule is and what it is given. Used by the tables of rules beside this file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Generic, TypeVar

from mlregistry.ml.profiling.clues import Clues
from mlregistry.ml.profiling.document import Alert, Column
from mlregistry.ml.profiling.patterns import MISSING, SPACE

Seen = TypeVar("Seen")


@dataclass(frozen=True)
class Facts:
    """One column, and what its rules may ask for."""

    column: Column
    clues: Clues
    n_rows: int
    is_target: bool
    now: datetime

    @property
    def name(self) -> str:
        return self.column.name

    @cached_property
    def known(self) -> Mapping[str, int]:
        """The texts that are no spelling of missing, trimmed, and their rows."""
        found: Counter[str] = Counter()
        for value, n in (self.clues.values or {}).items():
            bare = value.strip(SPACE)
            if bare.lower() not in MISSING:
                found[bare] += n
        return found

    @property
    def n_known(self) -> int:
        """Values that are no spelling of missing: of those that were looked at, scaled to all."""
        n_seen = sum((self.clues.values or {}).values())
        n_spelled = n_seen - sum(self.known.values())
        return self.column.n - round(n_spelled * self.column.n / n_seen) if n_seen else 0


@dataclass(frozen=True)
class Finding:
    """What a rule saw; a severity here goes before the rule's own."""

    message: str
    figure: float | None = None
    severity: str | None = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule(Generic[Seen]):
    """A row of a table of rules."""

    kind: str
    severity: str
    look: Callable[[Seen], Iterable[Finding]]
    advice: str

    def alert(self, columns: tuple[str, ...], finding: Finding) -> Alert:
        return Alert(
            self.kind,
            finding.severity or self.severity,
            columns,
            finding.figure,
            finding.message,
            self.advice,
        )


ColumnRule = Rule[Facts]


def percent(share: float) -> str:
    """Two digits, and never a rounded nothing or everything."""
    if 0 < share < 0.0001:
        return "less than 0.01 %"
    if 0.9999 < share < 1:
        return "more than 99.99 %"
    return f"{100 * share:.2g} %" if share < 0.995 else f"{100 * share:.4g} %"


def listed(names: Iterable[str], most: int = 4) -> str:
    """'a', 'b' and 3 more"""
    every = [f"'{name[:60]}'" for name in names]
    if len(every) > most:
        return f"{', '.join(every[:most])} and {len(every) - most} more"
    return " and ".join([", ".join(every[:-1]), every[-1]] if len(every) > 1 else every)
