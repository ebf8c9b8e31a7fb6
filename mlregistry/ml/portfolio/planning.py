"""The plan of one "Just train it": what is tried in which order, how it is measured, how the time is parted.

Called by the action that starts it, and by the benchmark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.ml.portfolio.families import FAMILIES, Family
from mlregistry.ml.search.space import ESTIMATOR, Space

WISHES = ("", "fast")
MINUTES = (1.0, 240.0)
DEFAULT_MINUTES = 5.0
FOLDS = 5
FEWER_FOLDS = 3
CELLS_PER_SECOND = 10_000  # so many are measured in all folds with a second of the budget
LAST_SHARE, LAST_SECONDS = 0.28, 30.0
TRIAL_SHARE = 0.2
LOOKS = 3  # the baseline, a linear model and boosted trees: so many show a figure before their folds on a large table
LEAST_TRIAL_SECONDS = 5


@dataclass(frozen=True)
class Portfolio:
    """`starts` are points of `space` in the order they are tried; `measured_folds` of `folds` are measured.

    Seconds: the search ends after `search_seconds`, and refits and measurements take the rest of the budget.
    """

    space: Space
    starts: tuple[dict[str, Any], ...]
    folds: int
    measured_folds: int
    search_seconds: int
    trial_seconds: int
    reasons: tuple[str, ...]


def plan(
    kind: str,
    *,
    n_rows: int,
    n_columns: int,
    smallest_class: int | None,
    seconds: float,
    wish: str = "",
) -> Portfolio:
    """The portfolio for a training part of so many rows and prepared columns; Invalid for a kind without one.

    `smallest_class` is how many training rows the rarest class has.
    """
    if kind not in FAMILIES:
        raise Invalid(f"There is no portfolio for {kind}.", field="problem")
    if wish not in WISHES:
        raise Invalid(f"The wish is one of: {', '.join(WISHES[1:])}, or empty.", field="wish")
    rows = [one for one in FAMILIES[kind].values() if one.quick or wish != "fast"]
    suited = [one for one in rows if one.suits(n_rows, n_columns)]
    left_out = [one.estimator for one in rows if one not in suited]
    folds, measured, why = _folds(n_rows, n_columns, smallest_class, seconds)
    reasons = [
        why,
        f"{len(suited) - 1} families of models start from {len(_starts(suited)) - 1} points that do well on many"
        " tables; then the search goes on near the best.",
    ]
    if left_out:
        reasons.append(f"Too slow for {n_rows:,} rows, so left out: {', '.join(left_out)}.")
    if wish == "fast":
        reasons.append(
            "Only families that answer fast are tried, and of models that cannot be told apart the fastest is chosen."
        )
    return Portfolio(
        Space(
            {one.estimator: dict(one.ranges) for one in suited},
            {one.estimator: dict(one.fixed) for one in suited if one.fixed},
        ),
        tuple(_starts(suited)),
        folds,
        measured,
        max(1, round(seconds - min(LAST_SHARE * seconds, LAST_SECONDS + 0.1 * seconds))),
        max(LEAST_TRIAL_SECONDS, round(seconds * TRIAL_SHARE)),
        tuple(reasons),
    )


def _starts(families: Sequence[Family]) -> list[dict[str, Any]]:
    """The first point of every family, then their second ones and so on; the baseline first.

    The points of a family that leads often come twice as soon as those of the others.
    """
    rows = [
        (place / 2 if family.leads else place, order, family.estimator, start)
        for order, family in enumerate(families)
        for place, start in enumerate(family.starts)
    ]
    return [
        {ESTIMATOR: name, **{f"{name}.{key}": value for key, value in start.items()}}
        for _, _, name, start in sorted(rows, key=lambda row: row[:2])
    ]


def _folds(n_rows: int, n_columns: int, smallest: int | None, seconds: float) -> tuple[int, int, str]:
    """Folds, how many of them are measured, and why."""
    most = FOLDS if smallest is None else max(2, min(FOLDS, smallest))
    cells = n_rows * n_columns
    if cells <= CELLS_PER_SECOND * seconds:
        return most, most, f"Measured by cross-validation in {most} folds of {n_rows:,} training rows."
    if cells <= 5 * CELLS_PER_SECOND * seconds and most >= FEWER_FOLDS:
        why = f"Measured in {FEWER_FOLDS} folds, not {FOLDS}: {n_rows:,} rows are many for this time."
        return FEWER_FOLDS, FEWER_FOLDS, why
    share = f"a fifth of the {n_rows:,} training rows" if most == FOLDS else "a part of the training rows"
    return most, 1, f"Measured on {share} that is held out: there is no time for all folds."
