"""What checks found, bounded in size, as frozen dataclasses and JSON. Used by checks, the server and its pages."""

from __future__ import annotations

import datetime
import math
from dataclasses import asdict, dataclass
from typing import Any

PASSED, FAILED, WARNING = "passed", "failed", "warning"
N_EXAMPLES = 5
LONGEST_SHOWN = 200
MOST_RESULTS = 500


@dataclass(frozen=True)
class Example:
    """One failing row, counted from 1 under the header, and its value."""

    row: int
    value: Any


@dataclass(frozen=True)
class Result:
    """One check that did not pass; `n_failed` is None when it is not about rows."""

    column: str | None
    check: str
    severity: str
    message: str
    n_failed: int | None = None
    share: float | None = None
    examples: tuple[Example, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "examples": [asdict(example) for example in self.examples]}


@dataclass(frozen=True)
class Report:
    """The outcome of all checks of a version; `results` holds what did not pass, failures first."""

    n_rows: int
    n_checks: int
    results: tuple[Result, ...]

    @property
    def state(self) -> str:
        return FAILED if any(result.severity == FAILED for result in self.results) else PASSED

    def to_json(self) -> dict[str, Any]:
        shown = sorted(self.results, key=lambda result: result.severity != FAILED)
        return {
            "state": self.state,
            "n_rows": self.n_rows,
            "n_checks": self.n_checks,
            "n_failed": sum(result.severity == FAILED for result in self.results),
            "n_warnings": sum(result.severity == WARNING for result in self.results),
            "results": [result.to_json() for result in shown[:MOST_RESULTS]],
        }


def plain(value: Any) -> Any:
    """A value as JSON holds it, cut to 200 characters."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, datetime.date | datetime.datetime):
        return value.isoformat()
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    text = str(value).replace("\x00", "�")
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"


def percent(share: float) -> str:
    """0.1234 → 12.3 %; what rounds to nothing says so."""
    return "less than 0.1 %" if 0 < share < 0.0005 else f"{100 * share:.1f} %"
