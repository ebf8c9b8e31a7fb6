"""One optimisation from the fitted model to its report: candidates made, finished, saved, measured side by side.

Called by the job; knows files and figures, no database.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from mlregistry.errors import Invalid
from mlregistry.ml import packaging
from mlregistry.ml.metrics import Outcome
from mlregistry.ml.optimising import finishing, footprint, measuring
from mlregistry.ml.optimising.making import MAKERS
from mlregistry.ml.optimising.measuring import Entry
from mlregistry.ml.optimising.methods import BY_NAME, Setting
from mlregistry.ml.optimising.subject import Made, Subject
from mlregistry.ml.packaging import ModelFile
from mlregistry.ml.supervised.table import Report
from mlregistry.ml.training_result import TrainingResult

MADE, SKIPPED, FAILED = "made", "skipped", "failed"
MAKING, FINISHING, TIMING = 0.65, 0.9, 0.98  # where these phases end
MOST_TIMED = 1_000
Phase = Callable[[str], None]


@dataclass
class Line:
    """What came of a method: a candidate with its figures, or why there is none."""

    method: str
    title: str
    outcome: str
    reason: str = ""
    made: Made | None = None
    result: TrainingResult | None = None
    files: list[ModelFile] = field(default_factory=list)
    folder: Path = Path()
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """`before` are the figures of the model itself, measured in the same way."""

    before: dict[str, Any]
    lines: list[Line]


def run(
    subject: Subject, setting: Setting, frame: pd.DataFrame, folder: Path, report: Report, phase: Phase
) -> Found:
    """Every method of the wish; one that fails tells why, and the others go on."""
    phase("make")
    lines = _tried(subject, setting, report)
    original = Line("", "As it is", MADE, made=Made("", "As it is", subject.pipeline, ""))
    kept = [original, *(line for line in lines if line.made is not None)]
    phase("measure")
    for place, line in enumerate(kept):
        share = (FINISHING - MAKING) / len(kept)
        report(MAKING + place * share, f"Measuring {line.title}")
        _finish(subject, frame, line, folder / str(place), _within(report, MAKING + place * share, share))
    kept = [line for line in kept if line.outcome == MADE]
    phase("time")
    report(FINISHING, "Measuring memory and speed, side by side")
    _time(subject, kept, report)
    _compare(subject, kept)
    return Found(original.figures, lines)


def _tried(subject: Subject, setting: Setting, report: Report) -> list[Line]:
    lines: list[Line] = []
    methods = [BY_NAME[name] for name in setting.wish.methods]
    share = MAKING / len(methods)
    for place, method in enumerate(methods):
        why = method.why_not(setting)
        if why:
            lines.append(Line(method.name, method.title, SKIPPED, why))
            continue
        report(place * share, method.title)
        told = replace(subject.work, report=_within(report, place * share, share))
        lines += _made(method.name, method.title, replace(subject, work=told))
    return lines


def _made(name: str, title: str, subject: Subject) -> list[Line]:
    found: list[Line] = []
    try:
        for made in MAKERS[name](subject):
            found.append(Line(name, made.title, MADE, made=made))
    except Invalid as error:
        found.append(Line(name, title, FAILED, error.message))
    except (ValueError, ArithmeticError, AttributeError, ImportError, MemoryError) as error:
        found.append(Line(name, title, FAILED, f"{type(error).__name__}: {error}"[:300]))
    return found


def _finish(subject: Subject, frame: pd.DataFrame, line: Line, folder: Path, report: Report) -> None:
    assert line.made is not None  # noqa: S101  # only such lines are finished
    try:
        line.result = finishing.of_made(subject.work.spec, subject.recipe, frame, line.made, report)
        line.folder, line.files = (
            folder,
            packaging.save(line.result.pipeline, folder, compress=line.made.compress),
        )
    except (Invalid, ValueError, ArithmeticError) as error:
        line.outcome, line.reason, line.made = FAILED, f"It could not be measured: {error}"[:300], None


def _time(subject: Subject, kept: Sequence[Line], report: Report) -> None:
    """Sizes, memory and seconds."""
    paths = [line.folder / packaging.NAMES["joblib"] for line in kept]
    for line, path, taken in zip(kept, paths, footprint.measured(paths), strict=True):
        line.figures |= {"size": path.stat().st_size, **taken}
    rows = subject.frame(subject.parts.test[:MOST_TIMED])
    entries = [Entry(line.result.pipeline, line.result.signature) for line in kept if line.result is not None]
    within = _within(report, FINISHING, TIMING - FINISHING)
    found = measuring.speeds(entries, rows, lambda done: within(done, "Timing them side by side"))
    for line, speed in zip(kept, found, strict=True):
        line.figures |= speed.to_json()


def _compare(subject: Subject, kept: Sequence[Line]) -> None:
    """Quality against the first line, on the same test rows."""
    results = [line.result for line in kept if line.result is not None]
    outcomes = [_outcome(subject, result) for result in results]
    wish, seed = subject.wish, subject.recipe.seed
    for line, result, outcome in zip(kept, results, outcomes, strict=True):
        line.figures |= measuring.quality(
            subject.metric.name, subject.sign, results[0], result, wish.tolerance
        ) | measuring.apart(outcomes[0], outcome)
        if wish.costs:
            line.figures["decisions"] = measuring.decision_cost(outcomes[0], outcome, wish.costs, seed)
        if line.made is not None and line.made.must_equal and line.figures["apart"] > 0:
            line.outcome, line.reason = FAILED, "It does not answer as the model does, though it should."


def _outcome(subject: Subject, result: TrainingResult) -> Outcome:
    return subject.outcome(result.pipeline, subject.parts.test, subject.parts.train)


def _within(report: Report, start: float, share: float) -> Report:
    """Reports a part of the whole."""

    def told(fraction: float, message: str) -> None:
        report(start + share * min(1.0, max(0.0, fraction)), message)

    return told
