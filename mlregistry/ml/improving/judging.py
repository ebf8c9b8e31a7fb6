"""Verdicts on what was tried, which of it may be tried together, and the sentence that says what to do.

Called by the study.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from mlregistry.ml.comparing.paired import Estimate, estimate, p_value
from mlregistry.ml.drift.correcting import adjusted
from mlregistry.ml.improving.results import ALPHA, BETTER, UNCLEAR, WORSE, Addition, Check, Trial
from mlregistry.ml.improving.rows import Bench
from mlregistry.ml.metrics import metric
from mlregistry.ml.problems import ProblemSpec


class Keyed(Protocol):
    @property
    def key(self) -> str: ...


One = TypeVar("One", bound=Keyed)


def trial(found: Bench, key: str, scores: Sequence[float], live: Estimate | None, seconds: float) -> Trial:
    """Its difference to the unchanged recipe, with the p-value of the corrected resampled t-test."""
    difference = found.difference(scores)
    p = p_value(difference, len(scores))
    return Trial(key, UNCLEAR, estimate(scores, found.held_share), difference, p, p, live, seconds)


def corrected(trials: Sequence[Trial]) -> list[Trial]:
    """With Holm's p-values over all that were tried, and the verdict by them."""
    measured = [one for one in trials if one.p is not None]
    values = dict(
        zip((one.key for one in measured), adjusted([one.p or 0.0 for one in measured], "holm"), strict=True)
    )
    return [_judged(one, values[one.key]) if one.key in values else one for one in trials]


def _judged(one: Trial, p: float) -> Trial:
    mean = one.difference.mean if one.difference else 0.0
    verdict = UNCLEAR if p > ALPHA or mean == 0 else BETTER if mean > 0 else WORSE
    return replace(one, p_adjusted=p, verdict=verdict)


def promising(candidates: Sequence[One], trials: Sequence[Trial]) -> list[One]:
    """Those whose difference is above 0 by more than its standard error, the best first: what luck alone would give
    every third is not added up."""
    worth = {
        one.key: one.difference.mean
        for one in trials
        if one.difference is not None and one.difference.mean > max(0.0, one.difference.error)
    }
    return sorted((one for one in candidates if one.key in worth), key=lambda one: -worth[one.key])


def advice(
    spec: ProblemSpec, additions: Sequence[Addition], titles: Mapping[str, str], held_out: Check, live: Check
) -> str:
    """One or two sentences for a person."""
    title = metric(spec.kind, spec.primary_metric).title
    if not additions:
        return (
            f"Keep the recipe as it is: nothing that was tried is worth more {title} than its standard error."
        )
    last = additions[-1].difference
    names = ", ".join(titles[one.key] for one in additions)
    reach = f"{_number(last.low)} to {_number(last.high)}"
    worth = f"{names}: {title} better by {_number(last.mean)} ({reach}) in cross-validation."
    return f"{worth} {_checks(held_out, live)}"


def _checks(held_out: Check, live: Check) -> str:
    said = [
        f"{words} {_told(check)}"
        for words, check in (("On rows held out it is", held_out), ("On live rows it is", live))
        if check.difference is not None
    ]
    if not said:
        return "It could not be checked on rows that no choice has seen."
    return ". ".join(said) + f". {_conclusion({held_out.verdict, live.verdict})}"


def _conclusion(verdicts: set[str]) -> str:
    if WORSE in verdicts:
        return "Better not use it."
    return (
        "Use it."
        if BETTER in verdicts
        else "So the gain is not confirmed; the recipe as it is will do as well."
    )


def _told(check: Check) -> str:
    assert check.difference is not None  # noqa: S101  # the caller asked
    found = check.difference
    words = {BETTER: "better", WORSE: "worse"}.get(check.verdict, "not shown to differ")
    mean, low, high = (_number(value, sign="+") for value in (found.mean, found.low, found.high))
    return f"{words} ({mean}, {low} to {high}, {check.n:,} rows)"


def _number(value: float, sign: str = "") -> str:
    return f"{value:{sign}.3g}".replace("-", "−")
