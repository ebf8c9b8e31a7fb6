"""Bootstrap: every form equals its metric on the drawn rows; intervals cover; draws follow their plan."""

import numpy as np
import pytest

from mlregistry.ml import metrics, resampling
from mlregistry.ml.metrics import Outcome
from mlregistry.ml.resampling import Plan


def classified(n: int, n_classes: int, seed: int = 0) -> Outcome:
    chance = np.random.default_rng(seed)
    truth = chance.integers(0, n_classes, n)
    probabilities = chance.dirichlet(np.ones(n_classes), n).round(2) + 0.3 * np.eye(n_classes)[truth]
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return Outcome(truth, probabilities.argmax(axis=1), probabilities, n_classes)


def regressed(n: int) -> Outcome:
    chance = np.random.default_rng(1)
    truth = chance.normal(5, 2, n).round(1)
    truth[::9] = 0
    quantiles = np.sort(truth[:, None] + chance.normal(0, 1, (n, 3)), axis=1)
    return Outcome(truth, quantiles[:, 1], quantiles=quantiles, levels=(0.1, 0.5, 0.9))


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("classification", classified(80, 2)),
        ("classification", classified(80, 4)),
        ("regression", regressed(81)),
    ],
)
def test_every_form_is_its_metric_on_the_drawn_rows(kind: str, outcome: Outcome) -> None:
    members = [name for names, _ in resampling.FAMILIES[kind] for name in names]
    assert sorted(members) == sorted(metrics.METRICS[kind])
    plan = Plan(len(outcome.truth), seed=3, n_resamples=20)
    drawn = np.concatenate(list(resampling.counts(plan)))
    assert (drawn.sum(axis=1) == len(outcome.truth)).all()
    found = resampling.replicates(kind, outcome, plan)
    for place, row in enumerate(drawn):
        sample = outcome.at(np.repeat(np.arange(len(row)), row.astype(int)))
        wanted = metrics.measure(kind, sample)
        assert {name: values[place] for name, values in found.items()} == pytest.approx(wanted, rel=2e-5)


def test_strata_keep_their_sizes_and_units_stay_whole() -> None:
    strata = np.array([0] * 10 + [1] * 30)
    drawn = np.concatenate(list(resampling.counts(Plan(40, 1, strata=strata, n_resamples=50))))
    assert (drawn[:, :10].sum(axis=1) == 10).all()
    units = np.repeat(np.arange(8), 5)
    drawn = np.concatenate(list(resampling.counts(Plan(40, 1, units=units, n_resamples=50))))
    assert (drawn.reshape(50, 8, 5).std(axis=2) == 0).all()
    assert (drawn[:, ::5].sum(axis=1) == 8).all()


def test_the_same_plan_draws_the_same() -> None:
    one, two = (resampling.replicates("regression", regressed(50), Plan(50, 4)) for _ in range(2))
    assert all((one[name] == two[name]).all() for name in one)


def test_intervals_of_a_mean_are_those_of_theory() -> None:
    chance = np.random.default_rng(0)
    errors = chance.exponential(1.0, 2000)
    outcome = Outcome(errors, np.zeros(2000))
    found = resampling.interval(resampling.replicates("regression", outcome, Plan(2000, 0), ("mae",))["mae"])
    assert found is not None
    reach = 1.96 * errors.std() / np.sqrt(2000)
    assert found == pytest.approx((errors.mean() - reach, errors.mean() + reach), abs=0.01)


def test_a_metric_that_resamples_seldom_define_has_no_interval() -> None:
    assert resampling.interval(np.array([np.nan, np.nan, 1.0])) is None
    assert resampling.interval(np.array([0.0, 1.0]), figure=0.6, center=0.5, shrink=0.5) == pytest.approx(
        (0.3625, 0.8375)
    )
