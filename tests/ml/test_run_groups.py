"""Groups of runs: figures as scipy gives them, sentences that people understand, nothing shown from one run."""

import math

import numpy as np
import pytest
from scipy import stats

from mlregistry.ml.comparing import groups
from mlregistry.ml.comparing.groups import Group

SEEDS = ("1", "2", "3", "4", "5")
GOOD = (0.912, 0.915, 0.909, 0.917, 0.911)
POOR = (0.900, 0.904, 0.897, 0.903, 0.901)


def of(name: str, values: tuple[float, ...], seeds: tuple[str, ...] = ()) -> Group:
    return groups.group(name, list(zip(seeds or [""] * len(values), values, strict=True)))


def test_a_group_has_the_interval_of_students_t() -> None:
    found = of("A", GOOD)
    low, high = stats.t.interval(0.95, 4, np.mean(GOOD), stats.sem(GOOD))
    assert (found.mean, found.deviation) == pytest.approx((np.mean(GOOD), np.std(GOOD, ddof=1)))
    assert (found.low, found.high) == pytest.approx((low, high))


def test_without_common_seeds_it_is_welchs_test() -> None:
    found = groups.compared([of("A", GOOD), of("B", POOR[:4])], better="higher")[0]
    oracle = stats.ttest_ind(GOOD, POOR[:4], equal_var=False)
    ends = oracle.confidence_interval(0.95)
    assert found.method == "welch"
    assert (found.p, found.low, found.high) == pytest.approx((oracle.pvalue, ends.low, ends.high))
    assert found.verdict == "better"
    assert found.sentence.startswith("A is better than B by 0.0118 (95 %: ")
    assert found.sentence.endswith("; 5 and 4 runs.")


def test_the_same_seeds_are_compared_pair_by_pair_in_any_order() -> None:
    found = groups.compared([of("A", GOOD, SEEDS), of("B", POOR[::-1], SEEDS[::-1])])[0]
    oracle = stats.ttest_rel(GOOD, POOR)
    ends = oracle.confidence_interval(0.95)
    assert found.method == "paired"
    assert (found.p, found.low, found.high) == pytest.approx((oracle.pvalue, ends.low, ends.high))
    assert "A is higher than B by 0.0118" in found.sentence
    assert found.sentence.endswith("; the same 5 seeds each.")


def test_a_seed_that_is_there_twice_is_no_pair() -> None:
    seeds = ("1", "1", "3", "4", "5")
    assert groups.compared([of("A", GOOD, seeds), of("B", POOR, seeds)])[0].method == "welch"


def test_lower_may_be_better() -> None:
    found = groups.compared([of("A", GOOD), of("B", POOR)], better="lower")[0]
    assert found.verdict == "worse"
    assert found.sentence.startswith("B is better than A by 0.0118 (95 %: 0.00")


def test_pairs_together_are_corrected_by_holm() -> None:
    third = tuple(value + 0.0015 for value in POOR)
    found = groups.compared([of("A", GOOD), of("B", POOR), of("C", third)], better="higher")
    p = [one.p or 0.0 for one in found]
    order = np.argsort(p)
    expected = np.empty(3)
    expected[order] = np.minimum(1, np.maximum.accumulate([(3 - i) * p[at] for i, at in enumerate(order)]))
    assert [one.adjusted for one in found] == pytest.approx(list(expected))
    assert [one.verdict for one in found] == ["better", "better", "not_shown"]
    assert found[2].sentence.startswith("No difference between B and C is shown: −0.0015 (95 %: −")


def test_what_only_the_number_of_pairs_holds_back_says_so() -> None:
    middle, far = tuple(value - 0.005 for value in GOOD), tuple(value + 0.0002 for value in GOOD)
    found = groups.compared([of("A", GOOD), of("B", middle), of("C", far)], better="higher")
    held = [one for one in found if one.verdict == "not_shown" and (one.p or 1) < 0.05]
    free = [one for one in found if one.verdict == "not_shown" and (one.p or 0) >= 0.05]
    assert held
    assert free
    for one in held:
        assert one.low is not None
        assert one.high is not None
        assert one.low * one.high > 0
        assert (
            f"Alone it would count (p = {one.p:.2g}), among all pairs it does not (Holm’s p =" in one.sentence
        )
    assert all("Alone" not in one.sentence for one in free)


def test_one_run_alone_shows_nothing() -> None:
    found = groups.compared([of("A", GOOD), of("B", (0.5,))], better="higher")[0]
    assert (found.method, found.verdict, found.p) == ("none", "not_shown", None)
    assert "B has one run alone" in found.sentence
    assert groups.compared([of("A", (0.1,)), of("B", (0.5,))])[0].sentence.count("one run") == 1


def test_the_effect_is_hedges_g() -> None:
    found = groups.compared([of("A", GOOD), of("B", POOR)])[0]
    pooled = math.sqrt((np.var(GOOD, ddof=1) + np.var(POOR, ddof=1)) / 2)
    assert found.effect == pytest.approx((np.mean(GOOD) - np.mean(POOR)) / pooled * (1 - 3 / 31))


def test_groups_without_any_spread_differ_for_certain_or_not_at_all() -> None:
    same = groups.compared([of("A", (0.5, 0.5)), of("B", (0.5, 0.5))])[0]
    apart = groups.compared([of("A", (0.6, 0.6)), of("B", (0.5, 0.5))])[0]
    assert (same.verdict, same.p, same.effect) == ("not_shown", 1.0, None)
    assert (apart.verdict, apart.p) == ("better", 0.0)
