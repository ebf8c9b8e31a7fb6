"""Curves in few points: every extreme stays, blocks merge without loss, nothing is made up."""

import math
import random

import pytest

from mlregistry.lib import curve_blocks
from mlregistry.lib.curve_blocks import Block, Point


def block_of(points: list[Point], change: int) -> Block:
    real = [point for point in points if not math.isnan(point[2])]
    none = (0, 0, math.nan)
    steps, times = [point[0] for point in points], [point[1] for point in points]
    low = min(real, key=lambda point: point[2], default=none)
    high = max(real, key=lambda point: point[2], default=none)
    return Block(
        len(points), change, change, min(steps), max(steps), min(times), max(times), low, high, points[-1]
    )


def wave(n: int) -> list[Point]:
    noise = random.Random(7)
    return [(step, 1_000 * step, math.sin(step / 50) + noise.gauss(0, 0.1)) for step in range(n)]


def test_few_points_stay_as_they_are_each_once_and_in_order() -> None:
    points = [(2, 20, 0.5), (1, 10, 0.7), (2, 20, 0.5)]
    assert curve_blocks.thinned(points, 10) == [(1, 10, 0.7), (2, 20, 0.5)]


@pytest.mark.parametrize("scale", [curve_blocks.LINEAR, curve_blocks.LOG])
def test_thinning_keeps_every_extreme_and_the_last(scale: str) -> None:
    points = wave(5_000)
    points[3_333] = (3_333, 3_333_000, 99.0)
    points[1_234] = (1_234, 1_234_000, -99.0)
    shown = curve_blocks.thinned(points, 100, scale=scale)
    assert len(shown) <= 300
    assert {points[3_333], points[1_234], points[-1]} <= set(shown)
    assert set(shown) <= set(points)
    assert shown == sorted(shown)


def test_a_stretch_of_nan_alone_shows_its_last_point() -> None:
    points: list[Point] = [(step, step, math.nan if step >= 500 else 1.0) for step in range(1_000)]
    shown = curve_blocks.thinned(points, 10)
    assert math.isnan(shown[-1][2])
    assert sum(math.isnan(point[2]) for point in shown) == 5


def test_blocks_survive_packing_and_merging() -> None:
    points = wave(1_024)
    points[100:132] = [(step, 1_000 * step, math.nan) for step in range(100, 132)]
    blocks = [block_of(points[start : start + 16], start // 16) for start in range(0, 1_024, 16)]
    packed = curve_blocks.packed(blocks)
    assert curve_blocks.packed(curve_blocks.unpacked(packed)) == packed
    while len(blocks) > 1:
        blocks = curve_blocks.fewer(blocks)
    whole = block_of(points, 0)
    assert blocks[0] == whole._replace(first_change=0, last_change=63)


def test_an_odd_block_is_left_alone_when_neighbours_merge() -> None:
    blocks = [block_of(wave(16), change) for change in range(3)]
    assert [block.n for block in curve_blocks.fewer(blocks)] == [32, 16]


def test_blocks_know_whether_they_touch_a_window() -> None:
    block = block_of(wave(16), 0)
    assert block.touches(0, 15, 40)
    assert not block.touches(0, 16, 40)
    assert block.touches(1, -math.inf, 0)
    assert not block.touches(1, 15_001, math.inf)


@pytest.mark.parametrize(("n", "size"), [(1, 16), (5_000, 16), (1_000_000, 1_024), (1_048_576, 1_024)])
def test_blocks_are_so_large_that_half_of_the_places_stay_free(n: int, size: int) -> None:
    assert curve_blocks.points_per_block(n) == size
