"""Curves of metrics for charts: of many runs at once, from roll-ups where they are long, or only what is new.

Called by doors, which have checked that the runs may be seen.
"""

from __future__ import annotations

import math
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from mlregistry.errors import Invalid
from mlregistry.lib import curve_blocks
from mlregistry.lib.curve_blocks import Block, Point
from mlregistry.lib.floats import LARGEST
from mlregistry.sql_rows import fetched

MOST_RUNS, MOST_KEYS, MOST_SERIES = 200, 50, 400
LEAST_POINTS, MOST_POINTS, MOST_TOGETHER = 30, 10_000, 400_000
MOST_RAW = 200_000  # points that are read one by one for one answer
MOST_NEW = 20_000
AXES = {"step": 0, "time": 1}
CHANGES = "SELECT id, changes, status FROM experiments_run WHERE id = ANY(%(runs)s::uuid[])"
ROLLUPS = """
SELECT run_id, key, until_change, blocks FROM experiments_curverollup
WHERE run_id = ANY(%(runs)s::uuid[]) AND key = ANY(%(keys)s::text[])
"""
SINCE = """
FROM unnest(%(of)s::uuid[], %(names)s::text[], %(since)s::bigint[], %(until)s::bigint[])
     AS wanted(run_id, key, since, until)
JOIN experiments_metricchunk AS chunk ON chunk.run_id = wanted.run_id AND chunk.key = wanted.key
 AND chunk.change > wanted.since AND chunk.change <= wanted.until
"""
COUNTS = f"SELECT chunk.run_id, chunk.key, sum(n_points) {SINCE} GROUP BY 1, 2"
# Arrays of numbers that do not differ in length by much are read faster than rows.
RAW = f"""
SELECT chunk.run_id, chunk.key, steps, timestamps, numbers {SINCE} ORDER BY chunk.run_id, chunk.key, chunk.change
"""
Pair = tuple[uuid.UUID, str]


class Series(msgspec.Struct):
    """One metric of one run: `n_points` behind it, and those to draw; null stands for NaN and infinities.

    `whole` says that none was left out; `reset` that so much is new that the curve is to be asked for anew.
    """

    run: str
    key: str
    n_points: int
    whole: bool
    reset: bool
    steps: list[int]
    times: list[int]
    values: list[float | None]


class RunMark(msgspec.Struct):
    """How far the answer reaches: `changes` goes back as `since`."""

    changes: int
    status: str


class Curves(msgspec.Struct):
    runs: dict[str, RunMark]
    series: list[Series]


@dataclass(frozen=True)
class Wanted:
    """What of the curves: `points` of each at most, a window along an axis, or what was logged `since`."""

    points: int = 900
    axis: str = "step"
    scale: str = curve_blocks.LINEAR
    low: float = -math.inf
    high: float = math.inf
    since: Mapping[uuid.UUID, int] = field(default_factory=dict)

    @property
    def is_window(self) -> bool:
        return self.low > -math.inf or self.high < math.inf


def curves(run_ids: Sequence[uuid.UUID], keys: Sequence[str], wanted: Wanted) -> Curves:
    """Each metric of each run that has it, in the order asked for; a fixed number of queries for what is rolled up."""
    check(run_ids, keys, wanted)
    marks = {
        run_id: RunMark(changes, status)
        for run_id, changes, status in fetched(CHANGES, _values(run_ids, keys))
    }
    pairs = [(run_id, key) for key in keys for run_id in run_ids if run_id in marks]
    found = _new([pair for pair in pairs if pair[0] in wanted.since], marks, wanted)
    found |= _whole([pair for pair in pairs if pair[0] not in wanted.since], marks, wanted)
    return Curves(
        {run_id.hex: mark for run_id, mark in marks.items()},
        [found[pair] for pair in pairs if pair in found],
    )


def check(run_ids: Sequence[uuid.UUID], keys: Sequence[str], wanted: Wanted) -> None:
    if not 1 <= len(run_ids) <= MOST_RUNS:
        raise Invalid(f"Name 1 to {MOST_RUNS} runs.", field="run")
    if not 1 <= len(keys) <= MOST_KEYS:
        raise Invalid(f"Name 1 to {MOST_KEYS} metrics.", field="key")
    n_series = len(run_ids) * len(keys)
    if n_series > MOST_SERIES:
        raise Invalid(
            f"At most {MOST_SERIES} curves (runs × metrics) at once; ask for fewer metrics.", field="key"
        )
    if not LEAST_POINTS <= wanted.points <= MOST_POINTS:
        raise Invalid(f"points lies between {LEAST_POINTS} and {MOST_POINTS:,}.", field="points")
    if wanted.points * n_series > MOST_TOGETHER:
        raise Invalid(f"At most {MOST_TOGETHER:,} points at once; ask for fewer points.", field="points")
    if wanted.axis not in AXES:
        raise Invalid("axis is step or time.", field="axis")
    if wanted.scale not in (curve_blocks.LINEAR, curve_blocks.LOG):
        raise Invalid("scale is linear or log.", field="scale")


def _new(pairs: Collection[Pair], marks: Mapping[uuid.UUID, RunMark], wanted: Wanted) -> dict[Pair, Series]:
    """What was logged since; a curve of which that is much is better read anew."""
    late = [pair for pair in pairs if wanted.since[pair[0]] < marks[pair[0]].changes]
    spans = {pair: (wanted.since[pair[0]], marks[pair[0]].changes) for pair in late}
    counts = _counts(spans)
    few = {pair: spans[pair] for pair, n in counts.items() if n <= MOST_NEW}
    raw = _raw(few)
    return {
        pair: _series(pair, raw[pair], wanted, n_points=n)
        if pair in raw
        else Series(pair[0].hex, pair[1], n, False, True, [], [], [])
        for pair, n in counts.items()
    }


def _whole(pairs: Sequence[Pair], marks: Mapping[uuid.UUID, RunMark], wanted: Wanted) -> dict[Pair, Series]:
    if not pairs:
        return {}
    rollups = _rollups(pairs)
    tails = {pair: (rollups[pair][0] if pair in rollups else -1, marks[pair[0]].changes) for pair in pairs}
    counts = _counts(tails)
    for pair, (_, blocks) in rollups.items():
        counts[pair] = counts.get(pair, 0) + sum(block.n for block in blocks)
    raw = _raw(tails)
    if wanted.is_window:
        raw = _zoomed(raw, rollups, wanted)
    found: dict[Pair, Series] = {}
    for pair in [pair for pair in pairs if counts.get(pair)]:
        blocks = rollups[pair][1] if pair in rollups else []
        points = [*(point for block in blocks for point in block.points), *raw.get(pair, [])]
        found[pair] = _series(pair, points, wanted, n_points=counts[pair])
    return found


def _zoomed(
    raw: dict[Pair, list[Point]], rollups: dict[Pair, tuple[int, list[Block]]], wanted: Wanted
) -> dict[Pair, list[Point]]:
    """The points of the blocks in the window one by one, where they are not too many; such blocks are then gone."""
    most, axis = MOST_RAW // max(1, len(rollups)), AXES[wanted.axis]
    spans: dict[Pair, tuple[int, int]] = {}
    for pair, (until, blocks) in rollups.items():
        inside = [block for block in blocks if block.touches(axis, wanted.low, wanted.high)]
        first = min((block.first_change for block in inside), default=0)
        last = max((block.last_change for block in inside), default=0)
        if inside and sum(b.n for b in blocks if b.last_change >= first and b.first_change <= last) <= most:
            spans[pair] = (first - 1, last)
            inside = []
        rollups[pair] = (until, inside)
    for pair, points in _raw(spans).items():
        raw[pair] = [*points, *raw.get(pair, [])]
    return raw


def _rollups(pairs: Sequence[Pair]) -> dict[Pair, tuple[int, list[Block]]]:
    run_ids, keys = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    wanted = set(pairs)
    return {
        (run_id, key): (until, curve_blocks.unpacked(blocks))
        for run_id, key, until, blocks in fetched(ROLLUPS, _values(run_ids, keys))
        if (run_id, key) in wanted
    }


def _counts(spans: Mapping[Pair, tuple[int, int]]) -> dict[Pair, int]:
    if not spans:
        return {}
    return {(run_id, key): int(n) for run_id, key, n in fetched(COUNTS, _spans(spans))}


def _raw(spans: Mapping[Pair, tuple[int, int]]) -> dict[Pair, list[Point]]:
    found: dict[Pair, list[Point]] = defaultdict(list)
    if spans:
        for run_id, key, steps, times, numbers in fetched(RAW, _spans(spans)):
            found[run_id, key] += zip(steps, times, numbers, strict=True)
    return found


def _spans(spans: Mapping[Pair, tuple[int, int]]) -> dict[str, Any]:
    return {
        "of": [str(pair[0]) for pair in spans],
        "names": [pair[1] for pair in spans],
        "since": [span[0] for span in spans.values()],
        "until": [span[1] for span in spans.values()],
    }


def _values(run_ids: Collection[uuid.UUID], keys: Collection[str]) -> dict[str, Any]:
    return {"runs": [str(run_id) for run_id in run_ids], "keys": list(keys)}


def _series(pair: Pair, points: Sequence[Point], wanted: Wanted, *, n_points: int) -> Series:
    axis = AXES[wanted.axis]
    if wanted.is_window:
        points = [point for point in points if wanted.low <= point[axis] <= wanted.high]
    shown = curve_blocks.thinned(points, wanted.points // 3, axis=axis, scale=wanted.scale)
    whole = not wanted.is_window and len(shown) >= n_points
    return Series(
        pair[0].hex, pair[1], n_points, whole, False,
        [point[0] for point in shown], [point[1] for point in shown], [_shown(point[2]) for point in shown],
    )  # fmt: skip


def _shown(value: float) -> float | None:
    return value if -LARGEST < value < LARGEST else None
