"""Where a search looks for one parameter. Rows of the catalogue and search spaces are made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Range:
    """From low to high (log: evenly over the magnitudes; step: on a grid from low on), or one of the choices."""

    low: float = 0.0
    high: float = 0.0
    log: bool = False
    whole: bool = False
    step: float | None = None
    choices: tuple[Any, ...] = ()

    def to_json(self) -> dict[str, Any]:
        if self.choices:
            return {"choices": list(self.choices)}
        ends = {"low": self.low, "high": self.high, "log": self.log, "whole": self.whole}
        return ends if self.step is None else {**ends, "step": self.step}
