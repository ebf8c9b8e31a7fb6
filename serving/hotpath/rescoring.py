"""A sample of what compiled forms answered, scored again by the native model off the request's path.

`models` offers answers, the routing thread of each process takes them.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlregistry.lib.lazily import lazily

if TYPE_CHECKING:
    from mlregistry.ml.compiling import parity
else:
    parity = lazily("mlregistry.ml.compiling.parity")

logger = logging.getLogger(__name__)
Rows = list[dict[str, Any]]
EVERY = 200  # one request in so many, the first one among them
MOST_ROWS = 100
MOST_WAITING = 32
MOST_AT_ONCE = 2  # of each round, so that a busy process is not kept from its requests


@dataclass(frozen=True, slots=True)
class Sample:
    """One answered request."""

    version_id: int
    score_natively: Callable[[Rows], Mapping[str, Any]]
    rows: Rows
    answer: Mapping[str, Any]
    precision: str


@dataclass(slots=True)
class Rescored:
    """How many answers of a version were scored again, and how many of them differed."""

    n_rescored: int = 0
    n_mismatches: int = 0


class Samples:
    """Offering costs a request one step of a counter; what nobody takes is forgotten."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._waiting: deque[Sample] = deque(maxlen=MOST_WAITING)
        self._taking = threading.Lock()

    def is_next(self, rows: Sequence[Any]) -> bool:
        """Whether this request belongs to the sample."""
        return next(self._numbers) % EVERY == 0 and len(rows) <= MOST_ROWS

    def offer(self, sample: Sample) -> None:
        self._waiting.append(sample)

    def rescore(self) -> dict[int, Rescored]:
        """Scores some of the waiting ones natively; what came of it, by version."""
        found: dict[int, Rescored] = {}
        with self._taking:
            for _ in range(min(MOST_AT_ONCE, len(self._waiting))):
                sample = self._waiting.popleft()
                counts = found.setdefault(sample.version_id, Rescored())
                counts.n_rescored += 1
                counts.n_mismatches += not _is_same(sample)
        return found


def _is_same(sample: Sample) -> bool:
    try:
        native = sample.score_natively(sample.rows)
        difference, reason = parity.answers_apart(native, sample.answer)
    except Exception:  # what the native model refuses, the form must not answer
        logger.exception(
            "version %d: the compiled form answered what the native model refuses", sample.version_id
        )
        return False
    if not reason and difference <= parity.TOLERANCES[sample.precision]:
        return True
    logger.error(
        "version %d: the compiled form differs from the native model by %.3g on a live request%s",
        sample.version_id, difference, f" ({reason})" if reason else "",
    )  # fmt: skip
    return False
