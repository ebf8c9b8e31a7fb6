"""The figures of candidates beside the original's: seconds and processor time side by side, quality on the same rows.

Called by the job, in one process.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlregistry.ml import packaging, resampling, training_steps
from mlregistry.ml.comparing.rows import bootstrapped
from mlregistry.ml.compiling import probes
from mlregistry.ml.ensembling import pricing
from mlregistry.ml.metrics import Outcome
from mlregistry.ml.optimising import thresholds
from mlregistry.ml.resampling import Plan
from mlregistry.ml.signature import Signature
from mlregistry.ml.training_result import TrainingResult

Array = npt.NDArray[Any]
MANY = 1_000
ROUNDS_ONE, ROUNDS_MANY = 60, 9
SECONDS = 1.2  # that the rounds of one candidate may take, about
EQUAL = 1e-12
Score = Callable[[], Any]


@dataclass(frozen=True)
class Entry:
    """A pipeline to be timed, with the signature of what it takes."""

    pipeline: Any
    signature: Signature


@dataclass(frozen=True)
class Speed:
    """Medians in seconds of the form that will serve, and of the native pipeline; processor seconds of one answer."""

    form: str
    one_seconds: float
    many_seconds: float
    native_one_seconds: float
    native_many_seconds: float
    cpu_one: float
    cpu_row: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def speeds(entries: Sequence[Entry], frame: pd.DataFrame, report: Callable[[float], None]) -> list[Speed]:
    """All in turn, round by round, so that what else the machine does disturbs them alike; `frame` has test rows."""
    many = _repeated(frame)
    native = [_native(entry, many) for entry in entries]
    served = [_compiled(entry, frame, many) or pair for entry, pair in zip(entries, native, strict=True)]
    found = []
    for place, pairs in enumerate((native, served)):
        one = _rounds([pair[0] for pair in pairs], ROUNDS_ONE)
        report(0.25 + 0.5 * place)
        lots = _rounds([pair[1] for pair in pairs], ROUNDS_MANY)
        report(0.5 + 0.5 * place)
        found.append((one, lots))
    (one, lots), (quick_one, quick_lots) = found
    return [_speed(*row) for row in zip(native, served, one, lots, quick_one, quick_lots, strict=True)]


def _speed(native: Any, served: Any, one: Any, many: Any, quick_one: Any, quick_many: Any) -> Speed:
    is_compiled = served is not native and quick_one[0] < one[0]
    best_one, best_many = (quick_one, quick_many) if is_compiled else (one, many)
    if is_compiled and many[0] < quick_many[0]:
        best_many = many  # requests of many rows go to whichever is faster
    return Speed(
        pricing.COMPILED if is_compiled else pricing.NATIVE,
        best_one[0], best_many[0], one[0], many[0], best_one[1], best_many[1] / MANY,
    )  # fmt: skip


def _native(entry: Entry, many: pd.DataFrame) -> tuple[Score, Score]:
    one = many.iloc[:1]

    def ask(frame: pd.DataFrame) -> Any:
        with training_steps.lenient(entry.pipeline):
            return packaging.predict(entry.pipeline, entry.signature, frame)

    return (lambda: ask(one)), (lambda: ask(many))


def _compiled(entry: Entry, frame: pd.DataFrame, many: pd.DataFrame) -> tuple[Score, Score] | None:
    names = [field.name for field in entry.signature.inputs]
    compiled = pricing.compiled_form(entry.pipeline, entry.signature, frame[names])
    if compiled is None:
        return None
    rows = probes.plain_rows(many[names], entry.signature, MANY)
    return (lambda: compiled.score(rows[:1])), (lambda: compiled.score(rows))


def _rounds(scores: Sequence[Score], most: int) -> list[tuple[float, float]]:
    """The median of seconds and the mean of processor seconds, of each."""
    walls: list[list[float]] = [[] for _ in scores]
    processors = [0.0] * len(scores)
    for score in scores:
        score()
    until = time.perf_counter() + SECONDS * len(scores)
    for number in range(most):
        for place, score in enumerate(scores):
            wall, processor = time.perf_counter(), time.process_time()
            score()
            walls[place].append(time.perf_counter() - wall)
            processors[place] += time.process_time() - processor
        if number >= 2 and time.perf_counter() > until:
            break
    return [(statistics.median(row), used / len(row)) for row, used in zip(walls, processors, strict=True)]


def _repeated(frame: pd.DataFrame) -> pd.DataFrame:
    copies = -(-MANY // len(frame))
    return pd.concat([frame] * copies, ignore_index=True).iloc[:MANY]


def quality(
    metric: str, sign: float, before: TrainingResult, after: TrainingResult, tolerance: float
) -> dict[str, Any]:
    """The metric before and after on the same test rows, and their difference by the paired bootstrap."""
    key = f"test_{metric}"
    one, other = after.metrics.get(key), before.metrics.get(key)
    if one is None or other is None:
        return {"value": one, "before": other}
    found: dict[str, Any] = {"value": one, "before": other, "difference": one - other}
    if after.replicates is not None and before.replicates is not None:
        shrink = (before.evaluation["n_drawn"] / before.evaluation["n_test"]) ** 0.5
        estimate, p = bootstrapped(after.replicates, before.replicates, one - other, shrink)
        found |= {"low": estimate.low, "high": estimate.high, "p": p}
    return found | {"holds": _holds(found, sign, tolerance)}


def _holds(found: dict[str, Any], sign: float, tolerance: float) -> str:
    """Whether it is within the tolerance: surely, perhaps, or not by its own figure."""
    if sign * found["difference"] < -tolerance:
        return "no"
    worst = found.get("low" if sign > 0 else "high")
    return "yes" if worst is not None and sign * worst >= -tolerance else "perhaps"


def apart(before: Outcome, after: Outcome) -> dict[str, float]:
    """The share of rows that are decided otherwise, and the largest difference of an answer."""
    if before.probabilities is not None and after.probabilities is not None:
        changed = float((before.predicted != after.predicted).mean())
        return {"changed": changed, "apart": float(np.abs(before.probabilities - after.probabilities).max())}
    distance = np.abs(before.predicted - after.predicted)
    return {"changed": float((distance > EQUAL).mean()), "apart": float(distance.max())}


def decision_cost(before: Outcome, after: Outcome, costs: Any, seed: int) -> dict[str, float]:
    """What 1,000 decisions on the test rows cost, before and after, with the difference's paired interval."""
    one, other = thresholds.cost_of(after, costs), thresholds.cost_of(before, costs)
    difference = thresholds.PER * (one - other)
    plan = Plan(len(difference), seed, strata=before.truth)
    if len(difference) > resampling.MOST_ROWS:
        plan = Plan(resampling.MOST_ROWS, seed)
        chosen = np.random.default_rng(seed).choice(len(difference), resampling.MOST_ROWS, replace=False)
        drawn = difference[chosen]
    else:
        drawn = difference
    means = np.concatenate([block @ drawn for block in resampling.counts(plan)]) / len(drawn)
    low, high = np.quantile(means, [0.025, 0.975])
    return {
        "value": float(thresholds.PER * one.mean()), "before": float(thresholds.PER * other.mean()),
        "difference": float(difference.mean()), "low": float(low), "high": float(high),
    }  # fmt: skip
