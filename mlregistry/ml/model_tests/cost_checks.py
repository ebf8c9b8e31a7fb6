"""Checks of what a model costs: time, memory, file. Rows of the table of checks."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

from mlregistry.ml.model_tests.check import FILE, WARNS, Check
from mlregistry.ml.model_tests.result import Result, held
from mlregistry.ml.model_tests.steadiness_checks import rows_of
from mlregistry.ml.model_tests.subject import Subject

GROUP = "Cost"
N_SINGLES = 60
MOST_SECONDS = 3.0
N_MANY = 1_000
MB = 1_000_000


def latency(subject: Subject) -> Result:
    """One row at a time, by the form that serves: 95 of 100 within the limit."""
    score, form = _served(subject)
    rows = rows_of(subject, N_SINGLES) if not subject.looks_back else []
    requests = [[row] for row in rows] or [subject.rows]
    for request in requests[:3]:
        score(request)
    found: list[float] = []
    start = time.perf_counter()
    while time.perf_counter() - start < MOST_SECONDS and len(found) < N_SINGLES:
        begin = time.perf_counter()
        score(requests[len(found) % len(requests)])
        found.append(1_000 * (time.perf_counter() - begin))
    figure = float(np.quantile(found, 0.95))
    return held(
        figure, subject.bounds["latency_ms"],
        good=f"One row takes {np.median(found):.3g} ms ({form}), 95 of 100 at most {figure:.3g} ms.",
        bad=f"One row takes {np.median(found):.3g} ms ({form}), but 5 of 100 over {figure:.3g} ms. Take a"
        " smaller model, or one that compiles.",
        evidence=[
            {"share": f"{share:.0%}", "milliseconds": float(np.quantile(found, share))} for share in (0.5, 0.95, 1)
        ],
    )  # fmt: skip


def batch_time(subject: Subject) -> Result:
    """1,000 rows in one request."""
    rows = (subject.rows * (N_MANY // len(subject.rows) + 1))[:N_MANY]
    score, form = _served(subject)
    start = time.perf_counter()
    score(rows)
    seconds = time.perf_counter() - start
    return held(
        seconds, subject.bounds["batch_seconds"], good=f"1,000 rows take {seconds:.3g} s ({form}).",
        bad=f"1,000 rows take {seconds:.3g} s ({form}). Take a smaller model, or one that compiles.",
    )  # fmt: skip


def memory(subject: Subject) -> Result:
    """What Python and NumPy hold at most while 1,000 rows are answered."""
    rows = (subject.rows * (N_MANY // len(subject.rows) + 1))[:N_MANY]
    tracemalloc.start(1)
    try:
        subject.ask(rows)
        peak = tracemalloc.get_traced_memory()[1] / MB
    finally:
        tracemalloc.stop()
    return held(
        peak, subject.bounds["memory_mb"], good=f"1,000 rows take {peak:.3g} MB while they are answered.",
        bad=f"1,000 rows take {peak:.3g} MB while they are answered. Encode fewer columns, or keep matrices sparse.",
    )  # fmt: skip


def file_size(subject: Subject) -> Result:
    """The largest stored file."""
    size = subject.file_bytes / MB
    return held(
        size, subject.bounds["file_mb"], good=f"The file has {size:.3g} MB.",
        bad=f"The file has {size:.3g} MB. Fewer or shallower trees, or another family, make it smaller.",
    )  # fmt: skip


def _served(subject: Subject) -> tuple[Callable[[Any], Any], str]:
    if subject.compiled is None or subject.looks_back:
        return subject.ask, "native model"
    compiled = subject.compiled

    def score(rows: Any) -> Any:
        try:
            return compiled.score(rows)
        except Exception:  # a row that it refuses is the native model's
            return subject.ask(rows)

    return score, "compiled form"


CHECKS = (
    Check("latency", "Latency of one row", GROUP, latency, "95 of 100 rows, by the form that serves", severity=WARNS),
    Check("batch_time", "Time for 1,000 rows", GROUP, batch_time, "one request of 1,000 rows", severity=WARNS),
    Check("memory", "Memory for 1,000 rows", GROUP, memory,
          "the most that is held while they are answered", severity=WARNS),
    Check("file_size", "Size of the file", GROUP, file_size, "the largest stored file of the version", needs=(FILE,)),
)  # fmt: skip
