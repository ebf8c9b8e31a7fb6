"""Metrics of many bootstrap resamples at once, and intervals from them. Called by training and comparisons.

A resample is a count per row (how often it was drawn); metrics that build on the same sums are one family, which takes
the counts of all resamples together.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlregistry.ml import confusion, losses
from mlregistry.ml.metrics import Outcome

Array = npt.NDArray[Any]
Family = Callable[[Outcome, Array], Mapping[str, Array]]
N_RESAMPLES = 1000
MOST_ROWS = 10_000
CELLS_AT_ONCE = 2_000_000
CONFIDENCE = 0.95
LEAST_DEFINED = 0.9


@dataclass(frozen=True)
class Plan:
    """What is drawn: rows, within each of `strata` (a number per row), or whole `units` (a number per row)."""

    n_rows: int
    seed: int
    strata: Array | None = None
    units: Array | None = None
    n_resamples: int = N_RESAMPLES


def counts(plan: Plan) -> Iterator[Array]:
    """Resamples × rows as float32, in blocks that fit the cache; the same plan gives the same draws."""
    chance = np.random.default_rng(plan.seed)
    size = max(1, min(plan.n_resamples, CELLS_AT_ONCE // max(1, plan.n_rows)))
    for start in range(0, plan.n_resamples, size):
        n = min(size, plan.n_resamples - start)
        if plan.units is not None:
            yield _drawn(chance, n, int(plan.units.max()) + 1)[:, plan.units]
        elif plan.strata is not None:
            found = np.empty((n, plan.n_rows), dtype=np.float32)
            for stratum in np.unique(plan.strata):
                rows = np.flatnonzero(plan.strata == stratum)
                found[:, rows] = _drawn(chance, n, len(rows))
            yield found
        else:
            yield _drawn(chance, n, plan.n_rows)


def replicates(kind: str, outcome: Outcome, plan: Plan, names: Collection[str] = ()) -> dict[str, Array]:
    """Each metric (or those of `names`) on each resample, NaN where it is not defined there."""
    families = [
        family
        for members, family in FAMILIES.get(kind, ())
        if not names or any(one in names for one in members)
    ]
    found: dict[str, list[Array]] = {}
    with np.errstate(divide="ignore", invalid="ignore"):
        for block in counts(plan):
            for family in families:
                for name, values in family(outcome, block).items():
                    found.setdefault(name, []).append(values)
    return {name: np.concatenate(parts) for name, parts in found.items() if not names or name in names}


def interval(
    values: Array, *, figure: float | None = None, center: float = 0.0, shrink: float = 1.0
) -> tuple[float, float] | None:
    """The 95 % percentile interval (Efron 1979); None when a tenth of the resamples have no value.

    For resamples of fewer rows than there are, on which the metric is `center`: the deviations from it, narrowed by
    `shrink`, the root of the share of rows (Bickel, Götze and van Zwet 1997), about the `figure` of all rows.
    """
    known = values[np.isfinite(values)]
    if len(known) < LEAST_DEFINED * len(values) or not len(known):
        return None
    low, high = np.quantile(known, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    if shrink == 1.0 or figure is None:
        return float(low), float(high)
    return float(figure + shrink * (low - center)), float(figure + shrink * (high - center))


def _drawn(chance: np.random.Generator, n: int, size: int) -> Array:
    """Counts of `size` draws with replacement from `size`, n times."""
    rows = chance.integers(0, size, (n, size), dtype=np.int32)
    rows += (np.arange(n, dtype=np.int64)[:, None] * size).astype(rows.dtype)
    return np.bincount(rows.ravel(), minlength=n * size).reshape(n, size).astype(np.float32)


def _means(weights: Array, *columns: Array) -> list[Array]:
    sums = (weights @ np.column_stack(columns).astype(np.float32)).astype(np.float64)
    return list((sums / weights.sum(axis=1, dtype=np.float64)[:, None]).T)


def _decisions(outcome: Outcome, weights: Array) -> dict[str, Array]:
    k = outcome.n_classes
    used, places = np.unique(outcome.truth * k + outcome.predicted, return_inverse=True)
    member = np.zeros((len(places), len(used)), dtype=np.float32)
    member[np.arange(len(places)), places] = 1
    stack = np.zeros((len(weights), k * k))
    stack[:, used] = weights @ member
    return {name: form(stack.reshape(-1, k, k)) for name, form in confusion.FORMS.items()}


def _rankings(outcome: Outcome, weights: Array) -> dict[str, Array]:
    """Of the second of two classes, or the mean over the classes where they are defined."""
    if outcome.probabilities is None:
        return {}
    numbers = [1] if outcome.binary else range(outcome.n_classes)
    found = [
        _areas(outcome.truth == i, outcome.probabilities[:, i], weights)
        for i in numbers
        if (outcome.truth == i).any()
    ]
    if not found:  # of two classes, the test rows hold the first alone
        return {}
    return {name: _mean_of_defined([pair[place] for pair in found]) for place, name in enumerate(RANKINGS)}


def _mean_of_defined(values: list[Array]) -> Array:
    known = np.isfinite(values)
    total: Array = np.where(known, values, 0).sum(axis=0) / known.sum(axis=0)
    return total


def _areas(truth: Array, scores: Array, weights: Array) -> tuple[Array, Array]:
    """ROC-AUC, which counts ties half, and average precision: the precision at each score by the recall gained."""
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.diff(scores[order], append=-np.inf) != 0)
    ordered, member = weights[:, order], truth[order]
    total = np.cumsum(ordered, axis=1)[:, ends]
    ordered[:, ~member] = 0
    members = np.cumsum(ordered, axis=1)[:, ends]
    n_members, n_others = (
        members[:, -1].astype(np.float64),
        (total[:, -1] - members[:, -1]).astype(np.float64),
    )
    gained = np.diff(members, axis=1, prepend=0)
    precision = np.einsum("ij,ij->i", gained, members / np.maximum(total, 1), dtype=np.float64)
    # Each member gained at a score stands above the others not yet passed, and above half of those it ties with.
    passed = total - members
    tied = np.diff(passed, axis=1, prepend=0)
    beaten = np.einsum("ij,ij->i", gained, passed - tied / 2, dtype=np.float64)
    roc = 1 - beaten / (n_members * n_others)
    return roc, np.where(n_others > 0, precision / n_members, np.nan)


def _probabilities(outcome: Outcome, weights: Array) -> dict[str, Array]:
    if outcome.probabilities is None:
        return {}
    truth, probabilities = outcome.truth, outcome.probabilities
    said, came_true = losses.confidence(truth, probabilities)
    gaps = np.zeros((len(said), losses.CALIBRATION_BINS))
    gaps[np.arange(len(said)), losses.bins_of(said)] = came_true - said
    log, brier, *bins = _means(
        weights,
        losses.negative_log(truth, probabilities),
        losses.squared_probability(truth, probabilities),
        gaps,
    )
    return {"log_loss": log, "brier": brier, "calibration_error": np.abs(bins).sum(axis=0)}


def _errors(outcome: Outcome, weights: Array) -> dict[str, Array]:
    error, centered = outcome.truth - outcome.predicted, outcome.truth - outcome.truth.mean()
    shares = losses.percentages(outcome.truth, outcome.predicted)
    known = np.isfinite(shares)
    square, size, mean, spread, share, n_known, lost = _means(
        weights,
        error**2,
        np.abs(error),
        centered,
        centered**2,
        np.where(known, shares, 0),
        known,
        _pinball(outcome),
    )
    variance = spread - mean**2
    return {
        "rmse": np.sqrt(square),
        "mae": size,
        "r2": np.where(variance > 0, 1 - square / variance, np.nan),
        "mape": share / n_known,
        "pinball": lost,
    }


def _pinball(outcome: Outcome) -> Array:
    if outcome.quantiles is None:
        half: Array = np.abs(outcome.truth - outcome.predicted) / 2
        return half
    return losses.pinball(outcome.truth, outcome.quantiles, outcome.levels)


def _median_errors(outcome: Outcome, weights: Array) -> dict[str, Array]:
    """Of an even number of rows, the mean of the middle two."""
    errors = np.abs(outcome.truth - outcome.predicted)
    order = np.argsort(errors, kind="stable")
    cumulated, ordered = np.cumsum(weights[:, order], axis=1), errors[order]
    half = cumulated[:, -1:] / 2
    lower, upper = (cumulated >= half).argmax(axis=1), (cumulated > half).argmax(axis=1)
    return {"median_absolute_error": (ordered[lower] + ordered[upper]) / 2}


RANKINGS = ("roc_auc", "pr_auc")
FAMILIES: dict[str, tuple[tuple[tuple[str, ...], Family], ...]] = {
    "classification": (
        (tuple(confusion.FORMS), _decisions),
        (RANKINGS, _rankings),
        (("log_loss", "brier", "calibration_error"), _probabilities),
    ),
    "regression": (
        (("rmse", "mae", "r2", "mape", "pinball"), _errors),
        (("median_absolute_error",), _median_errors),
    ),
}
"""By kind of problem; a kind without families has no intervals."""
