"""A plugin whose estimator misbehaves on demand; installed for the workers of these tests, and named by its ways."""

import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from mlregistry.ml.estimator_entry import Entry, choice, entry, number, whole

WAYS = ("good", "raise", "hang", "eat", "eat_slowly", "print", "vanish", "until_told")
SLOW_SECONDS = 5.0


class Hostile(LogisticRegression):  # type: ignore[misc]  # scikit-learn has no types
    """Fits as its parent, after doing what `way` says."""

    def __init__(
        self, way: str = "good", pause: float = 0.0, C: float = 1.0, hang_above: int = 1_000_000
    ) -> None:
        super().__init__(C=C)
        self.way = way
        self.pause = pause
        self.hang_above = hang_above

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "Hostile":
        time.sleep(self.pause)
        if self.way == "raise":
            raise RuntimeError("the estimator gives up")
        if self.way == "hang" or len(X) > self.hang_above:
            time.sleep(3600)
        if self.way == "eat":
            np.ones(2**32)
        if self.way == "eat_slowly":
            held = []
            while True:
                held.append(np.ones(2**20))
        if self.way == "print":
            line = "x" * 1_000_000
            for _ in range(1000):
                sys.stdout.write(line)
        if self.way == "until_told":
            _be_slow_until(Path(os.environ["TEST_HALT"]) / "told")
        if self.way == "vanish":
            os._exit(7)
        fitted: Hostile = super().fit(X, y, sample_weight)
        return fitted


def _be_slow_until(told: Path) -> None:
    """Takes some seconds, but no more time once a test has said that it has seen enough."""
    end = time.monotonic() + SLOW_SECONDS
    while not told.exists() and time.monotonic() < end:
        time.sleep(0.05)


def rows() -> dict[str, list[Entry]]:
    return {
        "classification": [
            entry(
                "hostile", "Hostile", Hostile, "For tests.",
                way=choice(*WAYS).among(), pause=number(0.0, 0.0, 60.0),
                hang_above=whole(1_000_000, 0, 10**9),
                C=number(1.0, 1e-6, 1e6).over(0.01, 10.0, log=True),
            )
        ]
    }  # fmt: skip
