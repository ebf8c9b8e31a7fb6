"""Tries every candidate on a model, measures those that pass, and names the one that serves. The job calls it."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mlregistry.errors import Invalid
from mlregistry.ml.compiling import candidates, parity, storing
from mlregistry.ml.compiling.candidates import Candidate
from mlregistry.ml.compiling.forms import Form, Unsupported
from mlregistry.ml.compiling.parity import Kind, Native, Prepared
from mlregistry.ml.compiling.probes import Row
from mlregistry.ml.compiling.scoring import CompiledModel

NATIVE = "native"
PASSED, FAILED, UNSUPPORTED, REFERENCE = "passed", "failed", "unsupported", "reference"
N_MANY = 1_000
SECONDS = 0.4  # the time that one measurement may take, about
Report = dict[str, Any]
Score = Callable[[Sequence[Row]], Any]
Reporting = Callable[[float, str], None]
Made = tuple[Form | None, CompiledModel | None, str]  # or why there is none


@dataclass
class Tried:
    """What came of one candidate. Seconds are the best of several for one row and for `N_MANY` rows."""

    name: str
    title: str
    verdict: str
    reason: str = ""
    size: int = 0
    seconds_one: float | None = None
    seconds_many: float | None = None
    worst: float = 0.0
    where: str = ""
    kinds: list[Kind] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Outcome:
    """The report as JSON, and the winner's form; None where the native model goes on serving."""

    report: Report
    form: Form | None


def compile_best(
    native: Native, real: Sequence[Row], folder: Path, *, native_size: int = 0,
    report: Reporting = lambda fraction, message: None,
    tried: Sequence[Candidate] | None = None,
) -> Outcome:  # fmt: skip
    """Holds every candidate to the gate on rows made from `real`; `folder` is for drafts.

    The fastest for one row that passes serves, up to the number of rows from which the native model is faster.
    """
    chosen = list(candidates.available() if tried is None else tried)
    # Hard inputs overflow and are unknown on purpose; nobody needs to be warned of it.
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return _best_of(chosen, native, real, folder, native_size, report)


def _best_of(
    chosen: list[Candidate], native: Native, real: Sequence[Row], folder: Path, native_size: int, report: Reporting
) -> Outcome:  # fmt: skip
    report(0.05, "Compiling")
    forms = {one.name: _made(one, native) for one in chosen}
    features = next((model.features for _, model, _ in forms.values() if model is not None), None)
    report(0.15, "Asking the native model")
    prepared = parity.prepare(native, real, features)
    many = _many(prepared.real)
    lines = [_reference(native, prepared.real, many, native_size)]
    for place, one in enumerate(chosen):
        report(0.3 + 0.6 * place / len(chosen), f"Comparing {one.title}")
        lines.append(_tried(one, forms[one.name], prepared, many, folder))
    return _decided(lines, {name: form for name, (form, _, _) in forms.items()}, prepared)


def _made(one: Candidate, native: Native) -> Made:
    try:
        form = one.make(native.pipeline, native.signature)
        return form, CompiledModel(form, native.signature), ""
    except (Unsupported, Invalid) as error:
        return None, None, str(error)
    except Exception as error:  # an estimator of a kind that the converter did not foresee
        return None, None, f"{type(error).__name__}: {error}"[:300]


def _tried(
    one: Candidate, made: Made, prepared: Prepared, many: list[Row], folder: Path
) -> Tried:  # fmt: skip
    form, _, reason = made
    if form is None:
        return Tried(one.name, one.title, UNSUPPORTED, reason)
    path = folder / f"{one.name}.npz"
    storing.save(form, path)
    model = CompiledModel(
        storing.load(path), prepared.native.signature
    )  # what will serve is what is compared
    kinds = parity.check(prepared, model, parity.TOLERANCES[one.precision])
    worst = max(kinds, key=lambda kind: kind.worst)
    found = Tried(
        one.name,
        one.title,
        PASSED,
        size=path.stat().st_size,
        worst=worst.worst,
        where=worst.where,
        kinds=kinds,
    )
    wrong = [text for kind in kinds for text in kind.wrong]
    if wrong:
        found.verdict, found.reason = FAILED, wrong[0]
        return found
    try:
        found.seconds_one = _timed(model.score, prepared.real[:1])
        found.seconds_many = _timed(model.score, many)
    except Exception:
        found.verdict, found.reason = FAILED, "it refuses the real rows"
    return found


def _many(real: list[Row]) -> list[Row]:
    return (real * (N_MANY // len(real) + 1))[:N_MANY]


def _reference(native: Native, real: list[Row], many: list[Row], size: int) -> Tried:
    return Tried(
        NATIVE, "scikit-learn", REFERENCE, size=size, seconds_one=_timed(native.score, real[:1]),
        seconds_many=_timed(native.score, many),
    )  # fmt: skip


def _timed(score: Score, rows: Sequence[Row]) -> float:
    """The shortest of at least three calls, and of as many as the time allows; the first one warms up."""
    score(rows)
    best, until, n_calls = float("inf"), time.perf_counter() + SECONDS, 0
    while n_calls < 3 or (time.perf_counter() < until and n_calls < 500):
        start = time.perf_counter()
        score(rows)
        best = min(best, time.perf_counter() - start)
        n_calls += 1
    return best


def _decided(lines: list[Tried], forms: dict[str, Form | None], prepared: Prepared) -> Outcome:
    native = lines[0]
    passed = [line for line in lines[1:] if line.verdict == PASSED]
    winner = min([native, *passed], key=lambda line: line.seconds_one or float("inf"))
    found: Report = {
        "format": 1,
        "winner": winner.name,
        "precision": candidates.CANDIDATES[winner.name].precision if winner is not native else "float64",
        "most_rows": most_rows(winner, native),
        "n_inputs": prepared.n_inputs,
        "candidates": [line.to_json() for line in lines],
    }
    return Outcome(found, forms.get(winner.name))


def most_rows(winner: Tried, native: Tried) -> int | None:
    """Up to how many rows in a request the winner is the faster one, by straight lines; None: always."""
    times = (winner.seconds_one, winner.seconds_many, native.seconds_one, native.seconds_many)
    if winner is native or None in times:
        return None
    one, many, native_one, native_many = (float(value or 0.0) for value in times)
    if many <= native_many:
        return None
    per_row, native_per_row = (many - one) / (N_MANY - 1), (native_many - native_one) / (N_MANY - 1)
    return max(1, int((native_one - one) / (per_row - native_per_row)))
