"""One thing that a check of a table against a problem found. Made by problems and problem_rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Finding:
    """An error forbids training; `advice` says what to do about it."""

    severity: str
    column: str | None
    message: str
    advice: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def error(column: str | None, message: str, advice: str = "") -> Finding:
    return Finding("error", column, message, advice)


def warning(column: str | None, message: str, advice: str = "") -> Finding:
    return Finding("warning", column, message, advice)
