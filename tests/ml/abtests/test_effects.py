"""Effects, fixed tests, chances and plans against statsmodels 0.14, scipy and figures worked by hand."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from mlregistry.errors import Invalid
from mlregistry.ml.abtests import bayes, comparisons, fixed, planning, thompson
from mlregistry.ml.abtests.effects import effect
from mlregistry.ml.abtests.moments import Arm, of_units

A = [3.1, 2.7, 4.4, 5.0, 3.3, 2.9, 4.8, 3.9, 4.1, 3.6] * 4
B = [3.9, 4.2, 5.1, 4.7, 3.8, 5.6, 4.9, 4.4] * 5


def rates(n_events: int, n: int) -> Arm:
    return of_units([1.0] * n_events + [0.0] * (n - n_events))


def test_welch_agrees_with_statsmodels() -> None:
    found = effect(of_units(A), of_units(B))
    assert found is not None
    test = fixed.welch(found, (len(A), len(B)), alpha=0.05)
    # CompareMeans(...).ttest_ind(usevar="unequal") and .tconfint_diff(usevar="unequal")
    assert test.statistic == pytest.approx(5.221811882822225)
    assert test.p == pytest.approx(1.6054674428671976e-06)
    assert test.degrees == pytest.approx(73.05353062668662)
    assert (test.low, test.high) == pytest.approx((0.4915778945435036, 1.0984221054564927))


def test_two_proportions_agree_with_statsmodels() -> None:
    test = fixed.two_proportions(rates(180, 1000), rates(215, 1000), alpha=0.05)
    # proportions_ztest([215, 180], [1000, 1000]) and confint_proportions_2indep(…, method="wald")
    assert test.statistic == pytest.approx(1.9658346060068783)
    assert test.p == pytest.approx(0.049317718928355125)
    assert (test.low, test.high) == pytest.approx((0.00013825112824796676, 0.06986174887175203))


def test_holm_agrees_with_statsmodels() -> None:
    # multipletests([0.01, 0.04, 0.03, 0.005], method="holm")
    assert comparisons.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_a_ratio_by_the_delta_method_by_hand() -> None:
    """R = 6/12 over units of 1 to 3 predictions; the variance is that of (s − R·m)/mean(m)."""
    totals, weights = [1.0, 0.0, 3.0, 0.0, 1.0, 1.0] * 20, [1.0, 1.0, 3.0, 3.0, 2.0, 2.0] * 20
    arm = of_units(totals, weights)
    ratio = sum(totals) / sum(weights)
    mean = sum(weights) / len(weights)
    influence = [(s - ratio * m) / mean for s, m in zip(totals, weights, strict=True)]
    assert arm.value == pytest.approx(0.5)
    assert arm.spread().metric == pytest.approx(np.var(influence, ddof=1))


def test_the_delta_method_covers_clustered_predictions_where_rows_alone_would_not() -> None:
    rng = np.random.default_rng(3)
    z_clustered, z_rows = [], []
    for _ in range(400):
        arms, row_errors = [], []
        for _arm in range(2):
            weights = rng.integers(1, 20, 200)
            totals = rng.binomial(weights, rng.beta(2, 2, 200))
            arms.append(of_units(totals, weights))
            rate = totals.sum() / weights.sum()
            row_errors.append(rate * (1 - rate) / weights.sum())
        found = effect(*arms)
        assert found is not None
        z_clustered.append(found.estimate / found.error)
        z_rows.append(found.estimate / math.sqrt(sum(row_errors)))
    assert np.mean(np.abs(z_clustered) > 1.96) < 0.09
    assert np.mean(np.abs(z_rows) > 1.96) > 0.2


def test_cuped_takes_the_part_of_the_variance_that_the_past_explains() -> None:
    rng = np.random.default_rng(5)
    past = rng.normal(size=(2, 4000))
    now = 0.8 * past + 0.6 * rng.normal(size=(2, 4000)) + np.array([[0.0], [0.1]])
    past -= past.mean()
    arms = [of_units(now[k], before=past[k]) for k in range(2)]
    plain, adjusted = effect(*arms), effect(*arms, cuped=True)
    assert plain is not None
    assert adjusted is not None
    assert adjusted.reduction == pytest.approx(0.64, abs=0.03)  # the squared correlation of past and present
    assert adjusted.error == pytest.approx(plain.error * math.sqrt(1 - adjusted.reduction))
    # Analysis of covariance by least squares, with one slope.
    treated = np.repeat([0.0, 1.0], 4000)
    design = np.column_stack([np.ones(8000), treated, past.ravel()])
    slopes = np.linalg.lstsq(design, now.ravel(), rcond=None)[0]
    assert adjusted.estimate == pytest.approx(slopes[1], abs=1e-4)


def test_units_without_a_past_leave_the_estimate_as_it_is() -> None:
    arms = of_units(A, before=[0.0] * len(A)), of_units(B, before=[0.0] * len(B))
    plain, adjusted = effect(*arms), effect(*arms, cuped=True)
    assert plain == adjusted


def test_no_effect_is_given_from_a_handful_of_units_or_without_any_spread() -> None:
    assert effect(of_units(A[:29]), of_units(B)) is None
    assert effect(rates(50, 50), rates(50, 50)) is None


def test_the_probability_to_be_best_is_the_closed_form_for_two_rates() -> None:
    """Evan Miller, Formulas for Bayesian A/B testing (2013): a sum over the first parameter of B."""
    a1, b1, a2, b2 = 121, 881, 141, 861
    exact = sum(
        math.exp(
            math.lgamma(a1 + i) + math.lgamma(b1 + b2) - math.lgamma(a1 + i + b1 + b2)
            - math.log(b2 + i) - (math.lgamma(1 + i) + math.lgamma(b2) - math.lgamma(1 + i + b2))
            - (math.lgamma(a1) + math.lgamma(b1) - math.lgamma(a1 + b1))
        )
        for i in range(a2)
    )  # fmt: skip
    first, second = bayes.chances([bayes.Beta(a1, b1), bayes.Beta(a2, b2)], maximize=True)
    assert second.best == pytest.approx(exact, abs=1e-6)
    assert first.best + second.best == pytest.approx(1.0)


def test_expected_losses_are_what_a_million_draws_say() -> None:
    posteriors = [bayes.Beta(121, 881), bayes.Beta(141, 861), bayes.Beta(131, 900)]
    found = bayes.chances(posteriors, maximize=True)
    rng = np.random.default_rng(1)
    draws = np.stack([rng.beta(one.a, one.b, 1_000_000) for one in posteriors])
    for place, one in enumerate(found):
        assert one.best == pytest.approx(np.mean(draws.argmax(0) == place), abs=0.002)
        assert one.loss == pytest.approx(np.mean(draws.max(0) - draws[place]), abs=2e-4)
    least = bayes.chances(posteriors, maximize=False)
    assert least[0].best == pytest.approx(np.mean(draws.argmin(0) == 0), abs=0.002)
    assert least[0].loss == pytest.approx(np.mean(draws[0] - draws.min(0)), abs=2e-4)


def test_means_have_students_posterior() -> None:
    found = bayes.posterior(of_units(A), is_rate=False)
    assert isinstance(found, bayes.Student)
    known = stats.t(len(A) - 1, np.mean(A), stats.sem(A))
    values = np.array([3.5, 3.7, 4.0])
    assert found.below(values) == pytest.approx(known.cdf(values))
    chance = bayes.chances([found, bayes.posterior(of_units(B), is_rate=False)], maximize=True)[1]
    other = stats.t(len(B) - 1, np.mean(B), stats.sem(B))
    exact = integrate.quad(lambda x: other.pdf(x) * known.cdf(x), 2, 7)[0]
    assert chance.best == pytest.approx(exact, abs=1e-6)


def test_the_fixed_plan_agrees_with_statsmodels() -> None:
    """NormalIndPower().solve_power(effect_size=0.1, alpha=0.05, power=0.8, ratio=1) is 1569.77 in each group."""
    plan = planning.plan(variance=1.0, effect=0.1, shares=(0.5, 0.5), units_per_day=500, alpha=0.05)
    assert plan.fixed_units == math.ceil(2 * 1569.7721019023288)
    assert plan.fixed_days == pytest.approx(plan.fixed_units / 500)


def test_looking_at_any_time_costs_units_and_the_plan_keeps_its_power() -> None:
    plan = planning.plan(variance=1.0, effect=0.2, shares=(0.5, 0.5), units_per_day=100, alpha=0.05)
    assert plan.sequential_units is not None
    assert 1.3 < plan.sequential_units / plan.fixed_units < 2.5
    rules = comparisons.Rules(maximize=True, margin=0.0, alpha=0.05, horizon=plan.sequential_units)
    rng = np.random.default_rng(11)
    half = plan.sequential_units // 2
    wins = 0
    for _ in range(300):
        arms = of_units(rng.normal(size=half)), of_units(rng.normal(0.2, size=half))
        wins += comparisons.compare(arms[0], {"b": arms[1]}, rules)[0].verdict == comparisons.WINS
    assert wins / 300 > 0.75


def test_a_small_share_takes_longer() -> None:
    shares = [(0.5, 0.5), (0.9, 0.1), (0.09, 0.01)]
    days = [
        planning.plan(variance=1.0, effect=0.1, shares=share, units_per_day=1000, alpha=0.05).fixed_days
        for share in shares
    ]
    assert days == sorted(days, key=lambda day: day or 0)
    idle = planning.plan(variance=1.0, effect=0.1, shares=(0.5, 0.5), units_per_day=0, alpha=0.05)
    assert idle.fixed_days is None


def test_bandit_weights_follow_the_chances_above_a_floor() -> None:
    found = thompson.weights({"a": 0.7, "b": 0.3, "c": 0.0}, floor=5.0)
    assert found == {"a": 64.5, "b": 30.5, "c": 5.0}
    assert sum(thompson.weights({"a": 1.0, "b": 1.0, "c": 1.0}, floor=0.0).values()) == pytest.approx(100)
    with pytest.raises(Invalid, match="more than all traffic"):
        thompson.weights({"a": 1.0, "b": 1.0, "c": 1.0}, floor=34.0)
