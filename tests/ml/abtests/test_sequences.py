"""Sequences hold at every look: their formulas against integrals, and simulated tests in which nothing differs."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from mlregistry.ml.abtests import allocation, comparisons, guardrails, ramps, sequences
from mlregistry.ml.abtests.moments import Arm, of_units

RULES = comparisons.Rules(maximize=True, margin=0.0, alpha=0.05, horizon=4000)


def test_the_p_value_is_one_over_the_mixture_of_likelihood_ratios() -> None:
    n, z, rho = 400, 2.5, 0.12
    total = z * math.sqrt(n)
    wealth = integrate.quad(
        lambda step: math.exp(step * total - n * step**2 / 2) * stats.norm.pdf(step, scale=rho), -2, 2
    )[0]
    assert sequences.p_value(z, n, rho=rho) == pytest.approx(1 / wealth)
    reach = sequences.reach(n, alpha=0.05, rho=rho)
    assert sequences.p_value(reach, n, rho=rho) == pytest.approx(0.05)


def test_a_sequence_is_wider_than_an_interval_and_narrowest_where_it_is_tuned() -> None:
    at_horizon = {
        n: sequences.reach(1000, alpha=0.05, rho=sequences.tuned(n, 0.05)) for n in (100, 1000, 10_000)
    }
    assert at_horizon[1000] == min(at_horizon.values())
    assert 1.96 < at_horizon[1000] < 3.2


def test_a_rates_interval_is_where_the_beta_mixture_says() -> None:
    def mixed(edge: float) -> float:
        """The likelihood ratio of 7 events in 250 against the edge, mixed over Beta(1/2, 1/2)."""
        prior = stats.beta(0.5, 0.5).pdf
        ratio = lambda p: prior(p) * (p / edge) ** 7 * ((1 - p) / (1 - edge)) ** 243  # noqa: E731  # as the formula stands in the paper
        return float(integrate.quad(ratio, 0, 1, limit=500)[0])

    for edge in sequences.rate_interval(7, 250, alpha=0.05):
        assert mixed(edge) == pytest.approx(20, rel=1e-3)
    assert sequences.rate_interval(0, 0, alpha=0.05) == (0.0, 1.0)
    assert sequences.rate_interval(0, 50, alpha=0.05)[0] == 0.0
    assert sequences.rate_interval(50, 50, alpha=0.05)[1] == 1.0


def test_a_rates_interval_holds_at_every_look() -> None:
    rng = np.random.default_rng(2)
    events = rng.random((150, 2000)) < 0.02
    sums = events.cumsum(axis=1)
    missed = 0
    for row in sums:
        looks = (sequences.rate_interval(int(row[n - 1]), n, alpha=0.05) for n in range(100, 2001, 100))
        missed += any(not low <= 0.02 <= high for low, high in looks)
    assert missed / 150 <= 0.05


@pytest.mark.parametrize("rate", [0.5, 0.05])
def test_thirty_looks_at_tests_in_which_nothing_differs_rarely_alarm(rate: float) -> None:
    """400 here; `python -m benchmarks.abtests` runs the 2,000."""
    rng = np.random.default_rng(7)
    alarms = z_alarms = 0
    looks = np.linspace(200, 6000, 30).astype(int)
    for _ in range(400):
        values = rng.random((2, 6000)) < rate
        sums = values.cumsum(axis=1)
        before: dict[str, tuple[float, float]] = {}
        ever = ever_z = False
        for n in looks:
            arms = [rates(int(sums[k, n - 1]), int(n)) for k in range(2)]
            look = comparisons.compare(arms[0], {"b": arms[1]}, RULES, before=before)[0]
            before = {"b": (look.p_wins, look.p_loses)}
            ever |= look.verdict in (comparisons.WINS, comparisons.LOSES)
            ever_z |= look.error is not None and abs(look.improvement or 0.0) > 1.96 * look.error
        alarms, z_alarms = alarms + ever, z_alarms + ever_z
    assert alarms / 400 <= 0.05
    assert z_alarms / 400 > 0.15


def rates(n_events: int, n: int) -> Arm:
    k = float(n_events)
    return Arm(n=n, s=k, m=n, ss=k, mm=n, sm=k, n_predictions=n)


def test_the_short_form_of_a_rate_is_the_long_one() -> None:
    assert rates(3, 50) == of_units([1.0] * 3 + [0.0] * 47)


def test_three_challengers_like_the_control_rarely_alarm() -> None:
    rng = np.random.default_rng(8)
    alarms = 0
    for _ in range(200):
        sums = (rng.random((4, 3000)) < 0.3).cumsum(axis=1)
        before: dict[str, tuple[float, float]] = {}
        for n in range(300, 3001, 300):
            arms = {str(k): rates(int(sums[k, n - 1]), n) for k in range(4)}
            looks = comparisons.compare(arms.pop("0"), arms, RULES, before=before)
            before = {look.variant: (look.p_wins, look.p_loses) for look in looks}
            if any(look.verdict in (comparisons.WINS, comparisons.LOSES) for look in looks):
                alarms += 1
                break
    assert alarms / 200 <= 0.05


def test_the_better_wins_the_worse_loses_and_errors_are_better_when_small() -> None:
    good, bad = rates(2600, 4000), rates(2000, 4000)
    assert comparisons.compare(bad, {"b": good}, RULES)[0].verdict == comparisons.WINS
    assert comparisons.compare(good, {"b": bad}, RULES)[0].verdict == comparisons.LOSES
    errors = comparisons.Rules(maximize=False, margin=0.0, alpha=0.05, horizon=4000)
    look = comparisons.compare(good, {"b": bad}, errors)[0]
    assert look.verdict == comparisons.WINS
    assert look.improvement == pytest.approx(0.15)
    assert look.low is not None
    assert look.low > 0


def test_a_margin_must_be_passed_and_a_negative_one_forgives() -> None:
    control, alike = rates(2000, 4000), rates(2010, 4000)
    strict = comparisons.Rules(maximize=True, margin=0.2, alpha=0.05, horizon=4000)
    lenient = comparisons.Rules(maximize=True, margin=-0.06, alpha=0.05, horizon=4000)
    assert comparisons.compare(control, {"b": alike}, RULES)[0].verdict == comparisons.OPEN
    assert comparisons.compare(control, {"b": alike}, strict)[0].verdict == comparisons.LOSES
    assert comparisons.compare(control, {"b": alike}, lenient)[0].verdict == comparisons.WINS


def test_few_units_give_no_verdict() -> None:
    look = comparisons.compare(rates(10, 20), {"b": rates(20, 20)}, RULES)[0]
    assert (look.verdict, look.improvement) == (comparisons.TOO_FEW, None)


def test_the_split_is_checked_by_chi_square_and_by_a_sequence() -> None:
    assert allocation.chi_square_p([5100, 4900], [0.5, 0.5]) == pytest.approx(
        stats.chisquare([5100, 4900]).pvalue
    )
    assert allocation.chi_square_p([], []) == 1.0
    # Two variants: the Bayes factor is a beta-binomial over a binomial.
    prior = allocation.CONCENTRATION / 2
    factor = stats.betabinom.pmf(5300, 10_000, prior, prior) / stats.binom.pmf(5300, 10_000, 0.5)
    assert allocation.sequential_p([5300, 4700], [0.5, 0.5]) == pytest.approx(1 / factor)
    assert allocation.sequential_p([5300, 4700], [0.5, 0.5]) < allocation.ALARM
    assert allocation.sequential_p([50, 50, 0], [0.5, 0.5, 0.0]) == 1.0


def test_an_honest_split_rarely_alarms_however_often_it_is_looked_at() -> None:
    rng = np.random.default_rng(4)
    sums = (rng.random((500, 5000)) < 0.1).cumsum(axis=1)
    least = np.ones(500)
    for n in range(100, 5001, 100):
        found = [allocation.sequential_p([int(k), n - int(k)], [0.1, 0.9]) for k in sums[:, n - 1]]
        least = np.minimum(least, found)
    assert np.mean(least < 0.05) <= 0.05
    assert np.mean(least < allocation.ALARM) <= 0.004


def test_sixty_requests_show_nothing_and_never_promote() -> None:
    reading = guardrails.rate("error rate", 1, 60, limit=0.04)
    assert reading.state == guardrails.OPEN
    assert reading.n_more is not None
    assert guardrails.rate("error rate", 1, 60 + reading.n_more, limit=0.04).state == guardrails.KEPT
    assert guardrails.rate("error rate", 1, 59 + reading.n_more, limit=0.04).state == guardrails.OPEN
    move = ramps.next_move(
        [reading], step=0, n_steps=5, seconds=9999, dwell_seconds=60, n_requests=60, fewest_requests=50
    )
    assert move.what == ramps.STAY
    assert "requests more" in move.reason


def test_a_broken_guardrail_sends_the_canary_back_at_once() -> None:
    reading = guardrails.rate("error rate", 30, 100, limit=0.02)
    assert reading.state == guardrails.BROKEN
    move = ramps.next_move(
        [reading], step=2, n_steps=5, seconds=1, dwell_seconds=600, n_requests=3, fewest_requests=500
    )
    assert move.what == ramps.BACK
    assert move.reason.startswith("error rate is 0.3, over the limit of 0.02")


@pytest.mark.parametrize(
    ("step", "seconds", "n_requests", "what"),
    [(0, 10, 900, ramps.STAY), (0, 700, 9, ramps.STAY), (0, 700, 900, ramps.UP), (4, 700, 900, ramps.DONE)],
)
def test_a_canary_goes_up_with_time_and_traffic(
    step: int, seconds: float, n_requests: int, what: str
) -> None:
    kept = guardrails.rate("error rate", 0, 5000, limit=0.02)
    move = ramps.next_move(
        [kept], step=step, n_steps=5, seconds=seconds, dwell_seconds=600, n_requests=n_requests,
        fewest_requests=500,
    )  # fmt: skip
    assert move.what == what


def test_a_metric_that_falls_breaks_its_guardrail() -> None:
    control, canary = rates(1800, 2000), rates(1000, 2000)
    fallen = guardrails.fall("accuracy", control, canary, limit=0.05, maximize=True, horizon=4000)
    assert fallen.state == guardrails.BROKEN
    same = guardrails.fall("accuracy", control, rates(1801, 2000), limit=0.05, maximize=True, horizon=4000)
    assert same.state == guardrails.KEPT
    few = guardrails.fall("accuracy", control, rates(3, 5), limit=0.05, maximize=True, horizon=4000)
    assert few.state == guardrails.OPEN
