"""Every method of drift against scipy, numpy or figures worked by hand, and the properties that its name promises."""

import math

import numpy as np
import pytest
from scipy import stats
from scipy.spatial import distance

from mlregistry.ml.drift.methods import CATEGORICAL, METHODS, NUMERIC
from mlregistry.ml.drift.sides import Categories, RawNumbers

RNG = np.random.default_rng(7)
REFERENCE = RNG.normal(10, 2, 4000)
CURRENT = np.concatenate([RNG.normal(10.5, 3, 2500), np.full(200, 12.0)])
SAME_LENGTH = RNG.normal(10.5, 3, 4000)
NUMBERS = RawNumbers.of(REFERENCE, CURRENT)
LETTERS = Categories(("a", "b", "c"), np.array([50.0, 30.0, 20.0]), np.array([40.0, 45.0, 15.0]))


def figure(name: str, compared: RawNumbers | Categories) -> float:
    return METHODS[name].function(compared).statistic


def shares(numbers: RawNumbers) -> tuple[np.ndarray, np.ndarray]:
    edges = np.histogram_bin_edges(np.concatenate([numbers.reference, numbers.current]), bins="sturges")
    sides = (numbers.reference, numbers.current)
    left, right = (np.histogram(side, edges)[0] / len(side) for side in sides)
    return left, right


@pytest.mark.parametrize("current", [CURRENT, SAME_LENGTH], ids=["shorter", "of one length"])
def test_the_wasserstein_distance_is_scipys_over_the_references_deviation(current: np.ndarray) -> None:
    expected = stats.wasserstein_distance(REFERENCE, current) / REFERENCE.std()
    assert figure("wasserstein", RawNumbers.of(REFERENCE, current)) == pytest.approx(expected, abs=1e-12)


def test_a_constant_baseline_counts_as_having_a_thousandth_of_deviation() -> None:
    assert figure("wasserstein", RawNumbers.of(np.zeros(5), np.full(7, 0.5))) == pytest.approx(500)


@pytest.mark.parametrize("repeats", [1, 6], ids=["exact", "asymptotic"])
def test_kolmogorov_and_smirnovs_test_is_scipys(repeats: int) -> None:
    sides = (np.tile(REFERENCE, repeats), np.tile(CURRENT[::40], repeats))
    found = METHODS["ks"].function(RawNumbers.of(*sides))
    expected = stats.ks_2samp(*sides)
    assert found.statistic == pytest.approx(expected.statistic, abs=1e-12)
    assert found.p_value == pytest.approx(expected.pvalue, abs=1e-12)


def test_ties_between_the_sides_make_no_gap() -> None:
    sides = (np.repeat([1.0, 2.0, 3.0], 5000), np.repeat([1.0, 2.0, 3.0], 4000))
    found = METHODS["ks"].function(RawNumbers.of(*sides))
    assert found.statistic == pytest.approx(0, abs=1e-12)
    assert found.p_value == pytest.approx(1)


def test_smirnovs_expansion_agrees_with_the_sum_over_all_rows() -> None:
    sides = (RNG.normal(size=110_000), RNG.normal(0.008, 1, 120_000))
    found = METHODS["ks"].function(RawNumbers.of(*sides))
    assert found.p_value == pytest.approx(stats.ks_2samp(*sides).pvalue, abs=1e-9)


def test_shares_in_bins_of_equal_width_are_numpys() -> None:
    left, right = shares(NUMBERS)
    jensen_shannon = float(distance.jensenshannon(left, right))
    assert figure("jensen_shannon", NUMBERS) == pytest.approx(jensen_shannon, abs=1e-12)
    assert figure("total_variation", NUMBERS) == pytest.approx(np.abs(left - right).sum() / 2, abs=1e-12)
    hellinger = math.sqrt(1 - np.sqrt(left * right).sum())
    assert figure("hellinger", NUMBERS) == pytest.approx(hellinger, abs=1e-9)
    left, right = np.where(left == 0, 1e-4, left), np.where(right == 0, 1e-4, right)
    psi = ((left - right) * np.log(left / right)).sum()
    least = min(left.min(), right.min())
    assert least > 1e-4 or figure("psi_equal_width", NUMBERS) == pytest.approx(psi, abs=1e-12)


def test_bins_of_whole_numbers_are_never_narrower_than_one() -> None:
    sides = (RNG.integers(0, 25, 600), RNG.integers(2, 27, 500))
    edges = np.histogram_bin_edges(np.concatenate(sides), bins="sturges")
    left, right = (np.histogram(side, edges)[0] / len(side) for side in sides)
    numbers = RawNumbers.of(*sides, is_whole=True)
    assert figure("jensen_shannon", numbers) == pytest.approx(float(distance.jensenshannon(left, right)))


def test_psi_in_deciles_is_worked_by_hand() -> None:
    """Ten equal shares against a window of which half lies in the first decile, the rest evenly in the others."""
    reference = np.arange(1000.0)
    current = np.concatenate([np.linspace(0, 99, 900), np.linspace(100, 999, 900)])
    expected = (0.1 - 0.5) * math.log(0.1 / 0.5) + 9 * (0.1 - 0.5 / 9) * math.log(0.1 / (0.5 / 9))
    assert figure("psi", RawNumbers.of(reference, current)) == pytest.approx(expected, rel=0.02)


def test_psi_of_categories_is_worked_by_hand() -> None:
    left, right = np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.45, 0.15])
    expected = sum((p - q) * math.log(p / q) for p, q in zip(left, right, strict=True))
    assert figure("psi", LETTERS) == pytest.approx(expected, abs=1e-12)
    assert figure("psi_equal_width", LETTERS) == pytest.approx(expected, abs=1e-12)


def test_an_empty_category_counts_as_a_ten_thousandth_in_psi() -> None:
    gone = Categories(("a", "b"), np.array([90.0, 10.0]), np.array([100.0, 0.0]))
    expected = (0.9 - 1) * math.log(0.9) + (0.1 - 1e-4) * math.log(0.1 / 1e-4)
    assert figure("psi", gone) == pytest.approx(expected, abs=1e-12)
    rare = Categories(("a", "b"), np.array([99_999.0, 1.0]), np.array([100.0, 0.0]))
    assert math.isfinite(figure("psi", rare))


def test_chi_square_of_homogeneity_is_scipys_contingency() -> None:
    found = METHODS["chi_square"].function(LETTERS)
    expected = stats.chi2_contingency(np.array([LETTERS.reference, LETTERS.current]))
    assert (found.statistic, found.p_value) == pytest.approx((expected.statistic, expected.pvalue))


def test_rare_categories_are_pooled_before_they_are_tested() -> None:
    rare = Categories(tuple("abcde"), np.array([60.0, 36, 2, 1, 1]), np.array([58.0, 38, 1, 2, 1]))
    found = METHODS["chi_square"].function(rare)
    expected = stats.chi2_contingency(np.array([[60, 36, 4], [58, 38, 4]]))
    assert found.p_value == pytest.approx(expected.pvalue)


def test_chi_square_of_fit_is_scipys_against_scaled_counts() -> None:
    current = LETTERS.current * 2
    found = METHODS["chi_square_fit"].function(Categories(LETTERS.labels, LETTERS.reference, current))
    expected = stats.chisquare(current, LETTERS.reference * 2)
    assert (found.statistic, found.p_value) == pytest.approx((expected.statistic, expected.pvalue))
    unseen = Categories(("a", "b"), np.array([10.0, 0.0]), np.array([9.0, 1.0]))
    assert METHODS["chi_square_fit"].function(unseen).p_value == 0


def test_the_z_test_of_two_values_is_the_root_of_chi_square() -> None:
    two = Categories(("no", "yes"), np.array([700.0, 300.0]), np.array([360.0, 140.0]))
    found = METHODS["z_test"].function(two)
    expected = stats.chi2_contingency(np.array([two.reference, two.current]), correction=False)
    assert found.statistic**2 == pytest.approx(expected.statistic)
    assert found.p_value == pytest.approx(expected.pvalue)


@pytest.mark.parametrize("name", METHODS)
def test_a_side_against_itself_does_not_differ(name: str) -> None:
    compared = [RawNumbers.of(REFERENCE, REFERENCE[::-1]), RawNumbers.of(np.ones(50), np.ones(70))]
    found = [
        METHODS[name].function(one) for one in compared if NUMERIC in METHODS[name].kinds and name != "z_test"
    ]
    if CATEGORICAL in METHODS[name].kinds:
        found.append(
            METHODS[name].function(Categories(LETTERS.labels, LETTERS.reference, LETTERS.reference * 3))
        )
        found.append(METHODS[name].function(Categories(("a",), np.array([40.0]), np.array([30.0]))))
    for one in found:
        assert one.statistic == pytest.approx(0, abs=1e-12)
        assert one.p_value is None or one.p_value == pytest.approx(1)


@pytest.mark.parametrize("name", ["jensen_shannon", "hellinger", "total_variation", "psi_equal_width", "ks"])
def test_what_is_symmetric_does_not_mind_the_order_of_the_sides(name: str) -> None:
    there, back = (
        METHODS[name].function(RawNumbers.of(*sides))
        for sides in [(REFERENCE, CURRENT), (CURRENT, REFERENCE)]
    )
    assert there.statistic == pytest.approx(back.statistic, abs=1e-12)
    assert there.p_value == (None if back.p_value is None else pytest.approx(back.p_value))


def test_distances_of_sides_that_share_nothing_reach_their_most() -> None:
    apart = RawNumbers.of(np.linspace(0, 1, 100), np.linspace(100, 101, 100))
    assert figure("jensen_shannon", apart) == pytest.approx(METHODS["jensen_shannon"].most)
    for name in ("hellinger", "total_variation", "ks"):
        assert figure(name, apart) == pytest.approx(1)


@pytest.mark.parametrize("name", [name for name, row in METHODS.items() if NUMERIC in row.kinds])
def test_huge_and_single_values_give_finite_figures(name: str) -> None:
    for sides in [
        (np.array([-1e140, 0, 1e140]), np.array([1e140])),
        (np.array([5.0]), np.array([5.0])),
        (np.array([5.0]), np.array([6.0])),
        (np.arange(30.0) * 1e-320, np.arange(30.0)),
        (np.arange(30.0), np.full(3, 2.0)),
    ]:
        found = METHODS[name].function(RawNumbers.of(*sides))
        assert math.isfinite(found.statistic), sides
        assert found.p_value is None or 0 <= found.p_value <= 1
