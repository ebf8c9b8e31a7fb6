"""Whether a repeated run gave the same as the one it repeats, to the last bit. Called by doors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from experiments.models import Provenance, Run, RunStatus

MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class MetricChange:
    """A metric that is not the same; None where one of the runs has it not."""

    key: str
    before: float | None
    after: float | None

    @property
    def difference(self) -> float | None:
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True, slots=True)
class Difference:
    """A fact of data or environment that is not the same."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Repetition:
    """`verdict`: same, differs, waiting, failed. `n_compared` metrics were held against each other, bit by bit."""

    original: Run
    run: Run
    verdict: str
    n_compared: int = 0
    predictions_compared: bool = False
    metrics: tuple[MetricChange, ...] = ()
    predictions_differ: bool = False
    facts: tuple[Difference, ...] = ()

    @property
    def sentence(self) -> str:
        if self.verdict == "same":
            rows = " and all predictions for the test rows" if self.predictions_compared else ""
            return f"Same to the last bit: {self.n_compared} metrics{rows}."
        if self.verdict == "differs":
            rows = " The predictions for the test rows differ." if self.predictions_differ else ""
            return f"{len(self.metrics)} of {self.n_compared} metrics differ.{rows}"
        if self.verdict == "failed":
            return "The repetition did not finish, so there is nothing to compare."
        return "The repetition has not finished yet."


def repetition(run: Run) -> Repetition | None:
    """What came of repeating; None for a run that repeats no other, or one that is gone."""
    mine = Provenance.objects.select_related("again_of").filter(run=run).first()
    if mine is None or mine.again_of is None:
        return None
    return compare(mine.again_of, run)


def repetitions(run: Run) -> list[Repetition]:
    """What came of the last times that this run was repeated, newest first."""
    rows = Provenance.objects.select_related("run").filter(again_of=run, run__lifecycle="active")
    return [compare(run, row.run) for row in rows.order_by("-run__started_at")[:MOST_LISTED]]


def compare(original: Run, again: Run) -> Repetition:
    """Both runs by what they logged; seconds and the like are no result."""
    if again.status != RunStatus.FINISHED:
        ended = again.status in (RunStatus.FAILED, RunStatus.KILLED)
        return Repetition(original, again, "failed" if ended else "waiting")
    before, after = _results(original), _results(again)
    changes = tuple(
        MetricChange(key, before.get(key), after.get(key))
        for key in sorted(before.keys() | after.keys())
        if not _same(before.get(key), after.get(key))
    )
    old, new = _facts(original), _facts(again)
    one, other = old.get("predictions_digest", ""), new.get("predictions_digest", "")
    return Repetition(
        original,
        again,
        "differs" if changes or one != other else "same",
        n_compared=len(before.keys() | after.keys()),
        predictions_compared=bool(one and other),
        metrics=changes,
        predictions_differ=one != other,
        facts=tuple(_differences(old, new)),
    )


def _results(run: Run) -> dict[str, float]:
    rows = run.latest_metrics.exclude(key__endswith="_seconds")
    return {row.key: float("nan") if row.is_nan else row.value for row in rows}


def _same(one: float | None, other: float | None) -> bool:
    """By their bits, as far as a number of the database has some."""
    if one is None or other is None:
        return one is other
    return one.hex() == other.hex()


def _facts(run: Run) -> dict[str, Any]:
    found = Provenance.objects.filter(run=run).values_list("facts", flat=True).first()
    return dict(found or {})


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    one, other = _flat(old), _flat(new)
    return [
        Difference(key, one.get(key, "–"), other.get(key, "–"))
        for key in sorted(one.keys() | other.keys())
        if one.get(key) != other.get(key)
    ]


def _flat(facts: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Every fact under a path of words, such as libraries numpy; digests of results are none."""
    found: dict[str, str] = {}
    for key, value in facts.items():
        if key == "predictions_digest":
            continue
        words = prefix if key == "environment" else f"{prefix}{key.replace('_', ' ')}"
        if isinstance(value, Mapping):
            found |= _flat(value, f"{words} ".lstrip())
        else:
            found[words] = str(value)
    return found
