"""Distances against scipy and against figures worked by hand; what chance does is no shift."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import spatial, stats

from mlregistry.ml.contracts import shifts
from mlregistry.ml.profiling import distribution
from mlregistry.ml.profiling.distribution import Distribution
from tests.ml.contracts.tables import profiled

SHARES = [0.5, 0.3, 0.2]


def told(values: Any, folder: Path) -> Distribution:
    """What a profile keeps of these values."""
    side = distribution.of_column(profiled(folder, {"x": values}).columns[0])
    assert side is not None
    return side


@pytest.mark.parametrize("seed", range(5))
def test_ks_is_nearly_scipys_statistic(seed: int, tmp_path: Path) -> None:
    chance = np.random.default_rng(seed)
    a = chance.normal(0, 1, 5000 + seed)
    b = np.round(chance.normal(0.2, 1.3, 7000), seed % 3)  # ties too
    found = distribution.distance(told(a, tmp_path), told(b, tmp_path))
    assert found == pytest.approx(stats.ks_2samp(a, b).statistic, abs=0.01)


def test_ks_of_few_different_values_is_exact(tmp_path: Path) -> None:
    chance = np.random.default_rng(1)
    a, b = chance.integers(0, 40, 900), chance.choice([0, 3, 39], 700)
    found = distribution.distance(told(a, tmp_path), told(b, tmp_path))
    assert found == pytest.approx(stats.ks_2samp(a, b).statistic, abs=1e-12)


def test_a_heap_beside_a_spread_is_no_shift(tmp_path: Path) -> None:
    """Most values are zero, and the least of the others is another in each drawing."""
    sides = []
    for seed in (1, 2):
        chance = np.random.default_rng(seed)
        sides.append(np.where(chance.random(20_000) < 0.6, 0.0, 5 + chance.exponential(3, 20_000)))
    left, right = (told(side, tmp_path) for side in sides)
    assert distribution.distance(left, right) < 0.015
    assert not shifts.of_distributions(left, right, "ks").is_real


def test_a_rare_value_between_two_heaps_is_no_shift(tmp_path: Path) -> None:
    left = told([1] * 500 + [2] * 5 + [3] * 495, tmp_path)
    right = told([1] * 500 + [3] * 500, tmp_path)
    assert distribution.distance(left, right) == pytest.approx(0.005)


@pytest.mark.parametrize("seed", range(5))
def test_js_is_scipys_distance(seed: int) -> None:
    chance = np.random.default_rng(seed)
    p, q = chance.integers(0, 50, 12).astype(float), chance.integers(0, 50, 12).astype(float)
    assert shifts.js(p, q) == pytest.approx(spatial.distance.jensenshannon(p, q), abs=1e-12)


def test_js_of_disjoint_distributions_is_the_root_of_ln_2() -> None:
    assert shifts.js(np.array([1.0, 0.0]), np.array([0.0, 3.0])) == pytest.approx(math.sqrt(math.log(2)))


def test_psi_worked_by_hand() -> None:
    # 60/40 against 30/70: -0.3 ln 0.5 + 0.3 ln 1.75
    expected = -0.3 * math.log(0.5) + 0.3 * math.log(1.75)
    assert shifts.psi(np.array([60.0, 40.0]), np.array([3.0, 7.0])) == pytest.approx(expected, abs=1e-12)


def test_psi_counts_an_empty_bin_as_one_in_ten_thousand() -> None:
    expected = (1e-4 - 0.5) * math.log(1e-4 / 0.5) + 0.5 * math.log(2)
    assert shifts.psi(np.array([1.0, 1.0]), np.array([0.0, 9.0])) == pytest.approx(expected, abs=1e-12)


def test_quantile_bins_of_1_to_40_hold_equally_many(tmp_path: Path) -> None:
    first = told([*range(1, 41)] * 2, tmp_path)
    edges = shifts.quantile_edges(first)
    assert edges.tolist() == [4, 8, 12, 16, 20, 24, 28, 32, 36]
    assert first.between(edges) == pytest.approx([0.1] * 10)
    shift = shifts.of_distributions(first, told([*range(5, 45)] * 2, tmp_path), "psi")
    assert shift.method == "psi (10 quantile bins of the earlier version)"
    # the first bin is empty, the last holds two tenths, the others one
    expected = (1e-4 - 0.1) * math.log(1e-4 / 0.1) + 0.1 * math.log(2)
    assert shift.value == pytest.approx(expected)


def test_floors_are_those_of_the_published_laws(tmp_path: Path) -> None:
    a, b = told([*range(20)] * 5, tmp_path), told([*range(20)] * 20, tmp_path)
    expected = 1.9495 * math.sqrt(1 / 100 + 1 / 400)
    assert shifts.of_distributions(a, b, "ks").floor == pytest.approx(expected, abs=1e-4)
    floor = shifts.of_counts([50, 50], [200, 200], "psi").floor
    assert floor == pytest.approx(10.8276 * (1 / 100 + 1 / 400), abs=1e-5)
    assert shifts.of_counts([50, 50], [200, 200], "js").floor == pytest.approx(math.sqrt(floor / 8))


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The columns of a table by chance, of the same by chance again, and of two of them moved."""
    chance, folder = np.random.default_rng(1), tmp_path_factory.mktemp("sides")
    table = {f"x{n}": chance.normal(size=1200) for n in range(300)}
    later = {name: chance.normal(size=800) for name in table}
    moved = {name: chance.normal(1.5, size=80) for name in list(table)[:2]}
    return [profiled(folder, frame).columns for frame in (table, later, moved)]


@pytest.mark.parametrize("method", ["ks", "psi"])
def test_chance_alone_hardly_ever_exceeds_the_floor(method: str, sides: list[Any]) -> None:
    pairs = zip(*sides[:2], strict=True)
    found = [shifts.of_columns(left, right, method) for left, right in pairs]
    assert sum(shift is None or shift.is_real for shift in found) <= 4
    shift = shifts.of_columns(sides[0][0], sides[2][0], method)
    assert shift is not None
    assert shift.is_real


def test_chance_alone_hardly_ever_moves_categories() -> None:
    chance = np.random.default_rng(1)
    counted = sum(
        shifts.of_counts([*chance.multinomial(300, SHARES)], [*chance.multinomial(200, SHARES)], m).is_real
        for _ in range(150)
        for m in ("js", "psi")
    )  # fmt: skip
    assert counted <= 4
