"""The parity gate: a compiled form serves only if it answers hard inputs as the native model does.

Labels must be equal and numbers within the tolerance; where the native model raises, the form must refuse. The
registration job calls it, tests plant wrong forms.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from mlregistry.errors import Invalid
from mlregistry.ml import packaging
from mlregistry.ml.compiling import probes
from mlregistry.ml.compiling.forms import Array, Refused
from mlregistry.ml.compiling.probes import Probe, Row
from mlregistry.ml.compiling.scoring import CompiledModel
from mlregistry.ml.signature import Signature

TOLERANCES = {"float64": 1e-9, "float32": 1e-5}
MOST_ALONE = 60  # rows of a kind that are also scored one by one
Score = Callable[[Sequence[Row]], dict[str, Any]]


@dataclass
class Kind:
    """What came of the inputs of one kind. `worst` is the largest difference, `where` its input."""

    kind: str
    n_inputs: int = 0
    n_refused: int = 0
    n_wrong: int = 0
    worst: float = 0.0
    where: str = ""
    wrong: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def note(self, where: str, difference: float, tolerance: float, *, reason: str = "") -> None:
        """One comparison; `reason` tells of a mistake that is no difference of numbers."""
        if difference > self.worst:
            self.worst, self.where = difference, where
        if reason or difference > tolerance:
            self.n_wrong += 1
            if len(self.wrong) < 5:
                self.wrong.append(f"{where}: {reason or f'differs by {difference:.3g}'}")


@dataclass(frozen=True)
class Native:
    """The model to be equal to."""

    pipeline: Any
    signature: Signature

    def score(self, rows: Sequence[Row]) -> dict[str, Any]:
        return packaging.predict(self.pipeline, self.signature, self.signature.frame(rows, strict=True), {})

    @property
    def estimator(self) -> Any:
        return self.pipeline.steps[-1][1] if hasattr(self.pipeline, "steps") else self.pipeline

    def outputs(self, matrix: Array) -> Array:
        """What the estimator says of its own input, as columns."""
        estimator = self.estimator
        if self.signature.classes:
            return np.asarray(estimator.predict_proba(matrix), dtype=np.float64)
        if hasattr(estimator, "predict_quantiles"):
            return np.asarray(estimator.predict_quantiles(matrix), dtype=np.float64)
        return np.asarray(estimator.predict(matrix), dtype=np.float64).reshape(len(matrix), -1)


@dataclass(frozen=True)
class Prepared:
    """The probes with the native answers, made once for all candidates."""

    native: Native
    real: list[Row]
    kinds: list[tuple[str, list[Probe], list[Any]]]
    matrix: Array
    outputs: Array
    notes: list[str]

    @property
    def n_inputs(self) -> int:
        return sum(len(rows) for _, rows, _ in self.kinds) + len(self.matrix)


def prepare(
    native: Native, real: Sequence[Row], features: Callable[[Sequence[Row]], Array] | None
) -> Prepared:
    """Answers every probe natively. `features` makes the estimator's input (None: no probes at thresholds)."""
    rows = list(real)
    if not rows:
        raise Invalid("There are no rows to compare compiled forms on.", field="rows")
    kinds = list(probes.of_kinds(native.signature, rows))
    matrix, outputs = np.empty((0, 0)), np.empty((0, 0))
    notes: list[str] = []
    sample = rows[: probes.MOST_REAL]
    base = _matrix_of(features, sample)
    if base is not None:
        matrix, notes = probes.threshold_rows(native.estimator, base)
        outputs = native.outputs(matrix) if len(matrix) else np.empty((0, 0))
        kinds.append(
            ("thresholds in rows", probes.raw_thresholds(native.signature, sample, base, native.estimator))
        )
    answered = [
        (kind, found, answers_of(native.score, [probe.row for probe in found])) for kind, found in kinds
    ]
    return Prepared(native, rows, answered, matrix, outputs, notes)


def _matrix_of(features: Callable[[Sequence[Row]], Array] | None, rows: list[Row]) -> Array | None:
    """None where no form prepares the rows; such a form does not pass either."""
    try:
        return None if features is None else features(rows)
    except Exception:
        return None


def check(prepared: Prepared, model: CompiledModel, tolerance: float) -> list[Kind]:
    """Compares a compiled model with the native answers, kind by kind."""
    kinds = [
        compare(kind, found, wanted, model.score, tolerance)
        for kind, found, wanted in prepared.kinds
        if found
    ]
    if len(prepared.matrix):
        kinds.append(_at_thresholds(prepared, model, tolerance))
    return kinds


def compare(kind: str, found: list[Probe], wanted: list[Any], score: Score, tolerance: float) -> Kind:
    """Each input in a batch with the others, and the first ones alone."""
    result = Kind(kind, n_inputs=len(found))
    together = answers_of(score, [probe.row for probe in found])
    alone = [_alone(score, probe.row) for probe in found[:MOST_ALONE]]
    for given in (together, alone):
        for probe, native, compiled in zip(found, wanted, given, strict=False):
            if compiled is REFUSED:
                result.n_refused += given is together
                continue
            difference, reason = _difference(native, compiled)
            result.note(probe.note, difference, tolerance, reason=reason)
    return result


REFUSED = "refused"
RAISED = "raised"


def answers_of(score: Score, rows: Sequence[Row]) -> list[Any]:
    """Per row what is said of it, RAISED or REFUSED; a batch that fails is halved until the odd rows are found."""
    if not rows:
        return []
    try:
        return list(_per_row(score(rows)))
    except Exception as error:
        if len(rows) == 1:
            return [REFUSED if isinstance(error, Refused) else RAISED]
    middle = len(rows) // 2
    return answers_of(score, rows[:middle]) + answers_of(score, rows[middle:])


def _alone(score: Score, row: Row) -> Any:
    return answers_of(score, [row])[0]


def _per_row(answer: Mapping[str, Any]) -> Iterator[tuple[Any, list[float]]]:
    """The prediction and the numbers behind it, row by row."""
    predictions = answer["predictions"]
    if "probabilities" in answer:
        yield from zip(predictions, answer["probabilities"], strict=True)
    elif "quantiles" in answer:
        for row in answer["quantiles"]:
            yield None, list(row.values())
    else:
        for value in predictions:
            yield (value, []) if isinstance(value, int) else (None, [value])


def answers_apart(native: Mapping[str, Any], compiled: Mapping[str, Any]) -> tuple[float, str]:
    """The largest difference between two answers to the same rows, and what is wrong besides."""
    found = [_difference(*pair) for pair in zip(_per_row(native), _per_row(compiled), strict=True)]
    reasons = [reason for _, reason in found if reason]
    return max((difference for difference, _ in found), default=0.0), reasons[0] if reasons else ""


def _difference(native: Any, compiled: Any) -> tuple[float, str]:
    if native is RAISED or compiled is RAISED:
        same = native is compiled
        return 0.0, "" if same else f"the native model {'refuses' if native is RAISED else 'answers'} it"
    if native[0] != compiled[0] or type(native[0]) is not type(compiled[0]):
        return _apart(native[1], compiled[1]), f"{compiled[0]!r} instead of {native[0]!r}"
    return _apart(native[1], compiled[1]), ""


def _apart(native: Sequence[float], compiled: Sequence[float]) -> float:
    """The largest difference; of numbers beyond ±1 as a share of the number."""
    if len(native) != len(compiled):
        return math.inf
    return max((_one_apart(a, b) for a, b in zip(native, compiled, strict=True)), default=0.0)


def _one_apart(native: float, compiled: float) -> float:
    if native == compiled:
        return 0.0
    found = abs(native - compiled) / max(1.0, abs(native))
    return found if math.isfinite(found) else math.inf


def _at_thresholds(prepared: Prepared, model: CompiledModel, tolerance: float) -> Kind:
    """The estimator alone, on its own input: a threshold, and what lies an ulp beside it."""
    result = Kind("thresholds ± 1 ulp", n_inputs=len(prepared.matrix))
    decide = (
        prepared.native.signature.classes and getattr(prepared.native.estimator, "threshold_", None) is None
    )
    for given in (_heads(model, prepared.matrix), _heads(model, prepared.matrix, alone=True)):
        for place, row in enumerate(given):
            if row is None:
                result.n_refused += 1
                continue
            native = prepared.outputs[place]
            changed = decide and int(native.argmax()) != int(row.argmax())
            reason = "another class" if changed else ""
            result.note(
                prepared.notes[place], _apart(native.tolist(), row.tolist()), tolerance, reason=reason
            )
    return result


def _heads(model: CompiledModel, matrix: Array, *, alone: bool = False) -> list[Any]:
    """The head's rows (None: refused), all together or the first ones alone."""
    if alone:
        return [_heads(model, matrix[i : i + 1])[0] for i in range(min(MOST_ALONE, len(matrix)))]
    try:
        with np.errstate(all="ignore"):
            return list(model.head(matrix))
    except Exception:  # as scoring does: the native model decides
        return [None] * len(matrix)
