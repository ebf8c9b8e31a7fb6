"""Checks of how good a model is on its own test rows, against its threshold, its champion and chance.

Rows of the table of checks.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mlregistry.ml import losses, metrics, resampling
from mlregistry.ml.comparing import rows as comparing
from mlregistry.ml.metrics import MAXIMIZE, Outcome
from mlregistry.ml.model_tests.check import (
    CHAMPION,
    CLASSIFICATION,
    DATA,
    REGRESSION,
    SUPERVISED,
    WARNS,
    Check,
)
from mlregistry.ml.model_tests.result import AT_LEAST, AT_MOST, Result, failed, held, passed, skipped
from mlregistry.ml.model_tests.subject import SEED, Subject
from mlregistry.ml.resampling import Plan

GROUP = "Quality"
ALPHA = 0.05
LEAST_ROWS = 30
N_DRAWN = 200


def metric_floor(subject: Subject) -> Result:
    """The problem's success threshold, on the test rows."""
    threshold = subject.table.work.spec.success_threshold
    if threshold is None:
        return skipped("The problem has no success threshold.")
    value = subject.value(subject.tested)
    title, side = subject.metric.title, AT_LEAST if subject.metric.direction == MAXIMIZE else AT_MOST
    return held(
        value, threshold, side=side,
        good=f"{title} reaches the problem's threshold on {len(subject.test_places):,} test rows.",
        bad=f"{title} misses the problem's threshold. Train a better model, or lower the threshold with whoever"
        " set it.",
    )  # fmt: skip


def better_than_dull(subject: Subject) -> Result:
    """Better than the shares of the classes, or the mean of the target."""
    value, dull = subject.value(subject.tested), subject.value(subject.dull)
    if not math.isfinite(value) or not math.isfinite(dull):
        return skipped(f"{subject.metric.title} is not defined on these test rows.")
    good = subject.gain(value, dull) > 0
    side = AT_LEAST if subject.metric.direction == MAXIMIZE else AT_MOST
    if good:
        return passed(f"Better than answering without looking at a row ({dull:.4g}).", value, dull, side=side)
    return failed("No better than answering without looking at a row. The features tell nothing, or the target is"
                  " another one.", value, dull, side=side)  # fmt: skip


def figures_repeat(subject: Subject) -> Result:
    """The test figures kept with the version come out again."""
    found = metrics.measure(subject.table.work.spec.kind, subject.outcome(subject.table.parts.test))
    known = {name: subject.recorded.get(f"test_{name}") for name in found}
    pairs = {name: (float(value), found[name]) for name, value in known.items() if value is not None}
    if not pairs:
        return skipped("No test figures were kept with the version.")
    apart = {name: abs(a - b) / max(1.0, abs(a)) for name, (a, b) in pairs.items()}
    worst = max(apart, key=lambda name: apart[name])
    evidence = [{"metric": name, "kept": a, "now": b} for name, (a, b) in pairs.items() if apart[name] > 1e-6]
    return held(
        apart[worst], 1e-6, evidence=evidence, good=f"{len(pairs)} figures of training come out again.",
        bad=f"{worst} was {pairs[worst][0]:.4g} at training and is {pairs[worst][1]:.4g} now. File, data or libraries"
        " are not those of the training: train again.",
    )  # fmt: skip


def train_test_gap(subject: Subject) -> Result:
    """The problem's metric on training rows against test rows."""
    on_test, on_train = subject.value(subject.tested), subject.value(subject.fitted)
    if not math.isfinite(on_test) or not math.isfinite(on_train):
        return skipped(f"{subject.metric.title} is not defined on these rows.")
    return held(
        subject.worse_by(on_test, on_train), subject.bound("gap"),
        good=f"{subject.metric.title} is {on_train:.4g} on training rows and {on_test:.4g} on test rows.",
        bad=f"{subject.metric.title} is {on_train:.4g} on training rows but {on_test:.4g} on test rows: it has learnt"
        " them by heart. Regularise, take a smaller model or more rows.",
        evidence=[{"rows": "training", "value": on_train}, {"rows": "test", "value": on_test}],
    )  # fmt: skip


def not_below_champion(subject: Subject) -> Result:
    """Both on the same test rows: paired bootstrap of the metric, and McNemar's test of right and wrong."""
    rival = subject.rival
    if rival is None:
        return skipped("There is no champion.")
    lacking = [one.name for one in rival.signature.inputs if one.name not in subject.table.work.frame.columns]
    if lacking:
        return skipped(f"The champion {rival.title} needs “{lacking[0]}”, which these test rows do not have.")
    if unknown := set(rival.signature.classes) - set(subject.table.work.classes):
        return skipped(
            f"The champion {rival.title} answers “{min(map(str, unknown))}”, which is no class of these rows."
        )
    mine, theirs = subject.tested, subject.outcome(subject.test_places, rival.model)
    one, other = subject.value(mine), subject.value(theirs)
    gained, low, high, p = _paired(subject, mine, theirs)
    evidence: list[dict[str, Any]] = [
        {"test": f"paired bootstrap of {subject.metric.title}", "version": one, "champion": other, "p": p}
    ]
    fewer_right = False
    if subject.kind == "classification":
        only_mine, only_theirs, chance = comparing.mcnemar(
            mine.predicted == mine.truth, theirs.predicted == theirs.truth
        )
        evidence.append(
            {
                "test": "McNemar, rows that only one gets right",
                "version": only_mine,
                "champion": only_theirs,
                "p": chance,
            }
        )
        fewer_right = only_theirs > only_mine and chance < ALPHA and gained <= 0
    words = f"{subject.metric.title} {one:.4g} against {other:.4g} of {rival.title}"
    if high < 0 or fewer_right:
        return failed(f"{words}: it is worse by more than chance. Keep the champion.", gained, 0.0, side=AT_LEAST,
                      evidence=evidence)  # fmt: skip
    sure = "better" if low > 0 else "no worse than chance allows"
    return passed(f"{words}: {sure} on {len(mine.truth):,} test rows.", gained, min(0.0, gained), side=AT_LEAST,
                  evidence=evidence)  # fmt: skip


def _paired(subject: Subject, mine: Outcome, theirs: Outcome) -> tuple[float, float, float, float]:
    """The gain over the champion, its 95 % interval and p."""
    spec = subject.table.work.spec
    n, strata = len(mine.truth), mine.truth if subject.kind == "classification" else None
    plan = Plan(n, SEED, strata=strata, n_resamples=400)
    drawn = [
        resampling.replicates(spec.kind, one, plan, (spec.primary_metric,)).get(spec.primary_metric)
        for one in (mine, theirs)
    ]
    sign = 1.0 if subject.metric.direction == MAXIMIZE else -1.0
    gained = subject.gain(subject.value(mine), subject.value(theirs))
    if drawn[0] is None or drawn[1] is None:
        return gained, gained, gained, 1.0
    found, p = comparing.bootstrapped(sign * drawn[0], sign * drawn[1], gained)
    return gained, found.low, found.high, p


def calibration(subject: Subject) -> Result:
    """Expected calibration error, but for what chance alone gives with so few rows."""
    outcome = subject.tested
    if outcome.probabilities is None:
        return skipped("The model gives no probabilities.")
    if len(outcome.truth) < LEAST_ROWS:
        return skipped(f"{len(outcome.truth)} test rows are too few.")
    figure = losses.calibration_error(outcome.truth, outcome.probabilities)
    bound = max(subject.bounds["calibration_error"], _by_chance(outcome.probabilities))
    said, came_true = losses.confidence(outcome.truth, outcome.probabilities)
    places = losses.bins_of(said)
    evidence = [
        {"probability said": float(said[places == one].mean()), "came true": float(came_true[places == one].mean()),
         "rows": int((places == one).sum())}
        for one in np.unique(places)
    ]  # fmt: skip
    return held(
        figure, bound, evidence=evidence, good="Probabilities come true about as often as they say.",
        bad="Probabilities are off from what comes true. Calibrate them: the recipe has an option for it.",
    )  # fmt: skip


def _by_chance(probabilities: Any) -> float:
    """The 95th percentile of the error when every probability were right (truths drawn from them)."""
    chance = np.random.default_rng(SEED)
    edges = np.cumsum(probabilities, axis=1)
    found = []
    for _ in range(N_DRAWN):
        drawn = (chance.random(len(edges))[:, None] > edges[:, :-1]).sum(axis=1)
        found.append(losses.calibration_error(drawn, probabilities))
    return float(np.quantile(found, 0.95))


def coverage(subject: Subject) -> Result:
    """The outer quantiles hold as many test rows as they promise, but for chance."""
    outcome = subject.tested
    if outcome.quantiles is None or len(outcome.levels) < 2:
        return skipped("The model predicts no quantiles.")
    promised = outcome.levels[-1] - outcome.levels[0]
    inside = (outcome.truth >= outcome.quantiles[:, 0]) & (outcome.truth <= outcome.quantiles[:, -1])
    share, n = float(inside.mean()), len(outcome.truth)
    bound = promised - 0.05 - 2 * math.sqrt(promised * (1 - promised) / n)
    return held(
        share, bound, side=AT_LEAST, good=f"{share:.0%} of the test rows lie between the outer quantiles.",
        bad=f"Only {share:.0%} of the test rows lie between quantiles that promise {promised:.0%}. Train again with"
        " more rows, or widen the levels.",
    )  # fmt: skip


CHECKS = (
    Check("metric_floor", "Metric reaches its threshold", GROUP, metric_floor,
          "the problem's metric on the test rows against its success threshold", SUPERVISED, (DATA,)),
    Check("better_than_dull", "Better than no look at all", GROUP, better_than_dull,
          "the metric against always answering the shares of the classes, or the mean", SUPERVISED, (DATA,)),
    Check("figures_repeat", "Figures come out again", GROUP, figures_repeat,
          "the test figures kept with the version, measured anew", SUPERVISED, (DATA,)),
    Check("not_below_champion", "Not below the champion", GROUP, not_below_champion,
          "paired bootstrap of the metric and McNemar's test on the same test rows", SUPERVISED, (DATA, CHAMPION)),
    Check("train_test_gap", "Gap of training and test", GROUP, train_test_gap,
          "the metric on training rows against test rows", SUPERVISED, (DATA,), WARNS),
    Check("calibration", "Calibration", GROUP, calibration,
          "expected calibration error, beyond what chance gives", CLASSIFICATION, (DATA,), WARNS),
    Check("coverage", "Quantiles hold what they promise", GROUP, coverage,
          "share of test rows between the outer quantiles", REGRESSION, (DATA,), WARNS),
)  # fmt: skip
