"""The figures of columns of times. Called by columns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from mlregistry.ml.profiling import clues, sorted_values
from mlregistry.ml.profiling.clues import Clues
from mlregistry.ml.profiling.document import Gap, Times, TopValue
from mlregistry.ml.profiling.limits import ProfileLimits
from mlregistry.ml.profiling.sorted_values import Runs
from mlregistry.ml.profiling.source import Array

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECONDS = 1e6
N_GAPS = 10
LONG = 10  # median steps


def measured(
    values: Array, limits: ProfileLimits, now: datetime
) -> tuple[int, tuple[TopValue, ...], Times | None, Clues]:
    """Distinct times, the most frequent ones, the figures; `values` are microseconds since 1970, sorted in place."""
    if not len(values):
        return 0, (), None, Clues()
    rises = clues.rises(values)
    values.sort()
    found = sorted_values.runs(values)
    n_distinct = len(found.starts)
    places = found.most_frequent(n_distinct if n_distinct <= limits.few_values else limits.top_values)
    top = tuple(
        TopValue(iso(int(values[found.starts[place]])), int(found.counts[place])) for place in places.tolist()
    )
    median_step, gaps = _gaps(values, found)
    border = (now - EPOCH) // timedelta(microseconds=1)
    seconds = values / MICROSECONDS
    times = Times(
        minimum=iso(int(values[0])),
        maximum=iso(int(values[-1])),
        n_future=int(len(values) - np.searchsorted(values, border, side="right")),
        median_step_seconds=median_step,
        gaps=gaps,
        histogram=sorted_values.histogram(seconds, limits.bars),
        bins=sorted_values.bins(seconds),
    )
    return n_distinct, top, times, Clues(rises=rises)


def _gaps(ordered: Array, found: Runs) -> tuple[float | None, tuple[Gap, ...]]:
    if len(found.starts) < 2:
        return None, ()
    steps = np.diff(ordered[found.starts])
    middle = float(np.median(steps))
    long = np.flatnonzero(steps > LONG * middle)
    longest = long[np.argsort(-steps[long], kind="stable")][:N_GAPS].tolist()
    ends = [[int(ordered[found.starts[place + side]]) for side in (0, 1)] for place in longest]
    gaps = tuple(Gap(iso(after), iso(before), (before - after) / MICROSECONDS) for after, before in ends)
    return middle / MICROSECONDS, gaps


def iso(microseconds: int) -> str:
    """Without a zone (all are UTC); years beyond 9999 or before 1 as numbers of seconds."""
    try:
        return (EPOCH + timedelta(microseconds=microseconds)).replace(tzinfo=None).isoformat()
    except OverflowError:
        return f"{microseconds / MICROSECONDS:.0f} s"
