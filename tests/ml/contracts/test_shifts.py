"""Distances against scipy and against figures worked by hand; what chance does is no shift."""

import math

import numpy as np
import pytest
from scipy import spatial, stats

from mlregistry.ml.contracts import shifts

SHARES = [0.5, 0.3, 0.2]


@pytest.mark.parametrize("seed", range(5))
def test_ks_is_scipys_statistic(seed: int) -> None:
    chance = np.random.default_rng(seed)
    a = chance.normal(0, 1, 500 + seed)
    b = np.round(chance.normal(0.2, 1.3, 700), seed % 3)  # ties too
    assert shifts.ks(a, b) == pytest.approx(stats.ks_2samp(a, b).statistic, abs=1e-12)


def test_ks_takes_infinite_values_as_ends_of_the_order() -> None:
    a, b = np.array([1.0, np.inf]), np.array([1.0, 2.0])
    assert shifts.ks(a, b) == 0.5


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


def test_quantile_bins_of_1_to_100_hold_ten_each() -> None:
    values = np.arange(1.0, 101.0)
    edges = shifts.quantile_edges(values)
    assert edges.tolist() == [10, 20, 30, 40, 50, 60, 70, 80, 90]
    assert shifts.counts(values, edges).tolist() == [10] * 10
    shift = shifts.of_numbers(values, values + 10, "psi")
    assert shift.method == "psi (10 quantile bins of the earlier version)"
    # the first bin is empty, the last holds twenty, the others ten
    expected = (1e-4 - 0.1) * math.log(1e-4 / 0.1) + 0.1 * math.log(2)
    assert shift.value == pytest.approx(expected)


def test_floors_are_those_of_the_published_laws() -> None:
    a, b = np.arange(100.0), np.arange(400.0)
    assert shifts.of_numbers(a, b, "ks").floor == pytest.approx(
        1.9495 * math.sqrt(1 / 100 + 1 / 400), abs=1e-4
    )
    floor = shifts.of_counts([50, 50], [200, 200], "psi").floor
    assert floor == pytest.approx(10.8276 * (1 / 100 + 1 / 400), abs=1e-5)
    assert shifts.of_counts([50, 50], [200, 200], "js").floor == pytest.approx(math.sqrt(floor / 8))


@pytest.mark.parametrize("method", ["ks", "psi"])
def test_chance_alone_hardly_ever_exceeds_the_floor(method: str) -> None:
    chance = np.random.default_rng(1)
    n_real = sum(
        shifts.of_numbers(chance.normal(size=1200), chance.normal(size=800), method).is_real
        for _ in range(300)
    )
    assert n_real <= 4
    counted = sum(
        shifts.of_counts([*chance.multinomial(300, SHARES)], [*chance.multinomial(200, SHARES)], m).is_real
        for _ in range(150)
        for m in ("js", "psi")
    )  # fmt: skip
    assert counted <= 4
    assert shifts.of_numbers(chance.normal(size=120), chance.normal(1.5, size=80), method).is_real
