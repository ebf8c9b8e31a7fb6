"""One line of the table: what was done, what was seen, and whether that is the goal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEAD = "| work | seen | goal | met or missed |\n|---|---|---|---|"


@dataclass(frozen=True)
class Line:
    """`met` is None where there is no goal."""

    work: str
    seen: str
    goal: str = "–"
    met: bool | None = None

    def __str__(self) -> str:
        verdict = {True: "met", False: "missed", None: "–"}[self.met]
        return f"| {self.work} | {self.seen} | {self.goal} | {verdict} |"


def table(lines: Sequence[Line]) -> str:
    return "\n".join([HEAD, *map(str, lines)])
