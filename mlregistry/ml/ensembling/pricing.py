"""What a model costs to use: milliseconds of one request, and of a row in a batch. Called by the closing job."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mlregistry.ml import packaging
from mlregistry.ml.signature import Signature

BATCH = 1000
REPEATS = 7
MOST_SECONDS = 1.5


@dataclass(frozen=True)
class Price:
    """Of the model as it is served, on this machine, by its native pipeline."""

    ms_per_request: float
    ms_per_row: float


def price(pipeline: Any, signature: Signature, frame: pd.DataFrame) -> Price:
    """The least of a few tries, which other work on the machine disturbs least; `frame` has a row or more."""
    one, batch = frame.iloc[:1], _repeated(frame)
    packaging.predict(pipeline, signature, one)
    request = _least(lambda: packaging.predict(pipeline, signature, one))
    rows = _least(lambda: packaging.predict(pipeline, signature, batch))
    return Price(round(request * 1000, 3), round(rows * 1000 / len(batch), 5))


def _repeated(frame: pd.DataFrame) -> pd.DataFrame:
    copies = -(-BATCH // len(frame))
    return pd.concat([frame] * copies, ignore_index=True).iloc[:BATCH]


def _least(call: Callable[[], Any]) -> float:
    least, started = float("inf"), time.perf_counter()
    for _ in range(REPEATS):
        before = time.perf_counter()
        call()
        least = min(least, time.perf_counter() - before)
        if time.perf_counter() - started > MOST_SECONDS:
            break
    return least
