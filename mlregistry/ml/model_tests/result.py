"""What one check of a model found. Every check returns one; runs keep them as lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

PASSED, FAILED, SKIPPED, BROKE = "passed", "failed", "skipped", "broke"
AT_MOST, AT_LEAST = "at most", "at least"
MOST_EVIDENCE = 10
LONGEST_SENTENCE = 500
LONGEST_CELL = 160
Row = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """`figure` is held against `bound` in the sense of `side`; evidence are rows of small tables.

    The sentence says what was seen and, where the check failed, what to do.
    """

    outcome: str
    sentence: str
    figure: float | None = None
    bound: float | None = None
    side: str = AT_MOST
    evidence: tuple[Row, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        return {
            "outcome": self.outcome,
            "sentence": self.sentence[:LONGEST_SENTENCE],
            "figure": _finite(self.figure),
            "bound": _finite(self.bound),
            "side": self.side,
            "evidence": [_plain(row) for row in self.evidence[:MOST_EVIDENCE]],
        }


def passed(sentence: str, figure: float | None = None, bound: float | None = None, *, side: str = AT_MOST,
           evidence: Sequence[Row] = ()) -> Result:  # fmt: skip
    return Result(PASSED, sentence, figure, bound, side, tuple(evidence))


def failed(sentence: str, figure: float | None = None, bound: float | None = None, *, side: str = AT_MOST,
           evidence: Sequence[Row] = ()) -> Result:  # fmt: skip
    return Result(FAILED, sentence, figure, bound, side, tuple(evidence))


def skipped(why: str) -> Result:
    """It does not apply, or something that it needs is not there."""
    return Result(SKIPPED, why)


def broke(why: str) -> Result:
    """The check itself could not be carried out; it counts as failed."""
    return Result(BROKE, why)


def held(figure: float, bound: float, *, good: str, bad: str, side: str = AT_MOST,
         evidence: Sequence[Row] = ()) -> Result:  # fmt: skip
    """Passed when the figure keeps the bound; a figure that is no number does not."""
    keeps = figure <= bound if side == AT_MOST else figure >= bound
    make, sentence = (passed, good) if keeps else (failed, bad)
    return make(sentence, figure, bound, side=side, evidence=evidence)


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _plain(row: Row) -> Row:
    return {str(key)[:LONGEST_CELL]: _cell(value) for key, value in row.items()}


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    text = str(value).replace("\x00", "␀")
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}…"
