"""Curves in few points with every extreme: blocks that stand for many points, and thinning for a chart.

Called by queries.metric_curves and actions.curve_rollups of experiments.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

MOST_BLOCKS = 2048
LEAST_POINTS = 16
LAYOUT = struct.Struct("<7q qqd qqd qqd")
LINEAR, LOG = "linear", "log"

Point = tuple[int, int, float]  # step, milliseconds since 1970, value; NaN stays NaN


class Block(NamedTuple):
    """Points that were logged one after the other: where they lie, and the least, greatest and last of them.

    `low` and `high` are NaN when all values are.
    """

    n: int
    first_change: int
    last_change: int
    min_step: int
    max_step: int
    min_at: int
    max_at: int
    low: Point
    high: Point
    last: Point

    def touches(self, axis: int, low: float, high: float) -> bool:
        """Whether it may hold points between the two; axis 0 is the step, 1 the time."""
        least, most = (self.max_at, self.min_at) if axis else (self.max_step, self.min_step)
        return least >= low and most <= high

    @property
    def points(self) -> Iterator[Point]:
        """Up to three, none of them NaN if it has a number."""
        if not math.isnan(self.low[2]):
            yield self.low
            yield self.high
        yield self.last


def points_per_block(n_points: int) -> int:
    """So many that the blocks are at most half of what fits: a power of two."""
    return max(LEAST_POINTS, 1 << math.ceil(math.log2(max(1, 2 * n_points / MOST_BLOCKS))))


def packed(blocks: Iterable[Block]) -> bytes:
    return b"".join(LAYOUT.pack(*block[:7], *block.low, *block.high, *block.last) for block in blocks)


def unpacked(raw: bytes | memoryview) -> list[Block]:
    return [
        Block(n, first, last, step, to_step, at, to_at, (a, b, c), (d, e, f), (g, h, i))
        for n, first, last, step, to_step, at, to_at, a, b, c, d, e, f, g, h, i in LAYOUT.iter_unpack(raw)
    ]


def fewer(blocks: Sequence[Block]) -> list[Block]:
    """Neighbours made one, pair by pair."""
    pairs = [_joined(blocks[i], blocks[i + 1]) for i in range(0, len(blocks) - 1, 2)]
    return [*pairs, *blocks[2 * len(pairs) :]]


def thinned(points: Iterable[Point], buckets: int, *, axis: int = 0, scale: str = LINEAR) -> list[Point]:
    """The points once each in order; of more than three a bucket the least, greatest and last of each bucket.

    Buckets are of equal width along the axis, or along its logarithm from 1 on.
    """
    once = {(step, at, value if value == value else None): (step, at, value) for step, at, value in points}
    ordered = sorted(once.values(), key=lambda point: (_along(point, axis), point))
    if len(ordered) <= 3 * buckets:
        return ordered
    start, end = (_place(_along(ordered[i], axis), scale) for i in (0, -1))
    width = (end - start) / buckets or 1.0
    chosen: list[Point] = []
    bucket: list[Point] = []
    edge = start + width
    for point in ordered:
        place = _place(_along(point, axis), scale)
        if place >= edge and end > edge + width / 2 and bucket:
            chosen += _three(bucket)
            bucket = []
            edge = start + width * (math.floor((place - start) / width) + 1)
        bucket.append(point)
    return chosen + _three(bucket)


def _along(point: Point, axis: int) -> int:
    return point[1] if axis else point[0]


def _place(x: int, scale: str) -> float:
    return math.log10(max(1, x)) if scale == LOG else float(x)


def _three(bucket: Sequence[Point]) -> list[Point]:
    """Least, greatest and last, in their order, each once."""
    if len(bucket) <= 3:
        return list(bucket)
    numbers = [place for place, point in enumerate(bucket) if not math.isnan(point[2])]
    places = {len(bucket) - 1}
    if numbers:
        places.add(min(numbers, key=lambda place: bucket[place][2]))
        places.add(max(numbers, key=lambda place: bucket[place][2]))
    return [bucket[place] for place in sorted(places)]


def _joined(one: Block, two: Block) -> Block:
    return Block(
        one.n + two.n,
        min(one.first_change, two.first_change),
        max(one.last_change, two.last_change),
        min(one.min_step, two.min_step),
        max(one.max_step, two.max_step),
        min(one.min_at, two.min_at),
        max(one.max_at, two.max_at),
        two.low if math.isnan(one.low[2]) or two.low[2] < one.low[2] else one.low,
        two.high if math.isnan(one.high[2]) or two.high[2] > one.high[2] else one.high,
        two.last,
    )
