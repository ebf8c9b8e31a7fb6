"""Checks that a row's answer depends on that row alone: not on its batch, order, moment, file or form.

Rows of the table of checks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mlregistry.ml.compiling import parity
from mlregistry.ml.compiling.forms import Refused
from mlregistry.ml.compiling.parity import Native
from mlregistry.ml.model_tests.answers import Row, Told, apart, told
from mlregistry.ml.model_tests.check import ALL, COMPILED, FILE, ON_ROWS, Check
from mlregistry.ml.model_tests.result import Result, failed, held, passed, skipped
from mlregistry.ml.model_tests.subject import SEED, Subject

GROUP = "Steadiness"
MOST_ALONE = 40
MOST_SECONDS_ALONE = 60
LOOKS_BACK = "The model looks back at earlier rows on purpose, so a row alone is another question."
MOST_REAL = 300


def row_against_batch(subject: Subject) -> Result:
    """Rows alone, in small batches and all together."""
    if subject.looks_back:
        return skipped(LOOKS_BACK)
    rows, whole = subject.rows, subject.answers
    places = _spread(len(rows), MOST_ALONE)
    alone = [float(apart(whole.at([place]), subject.tell([rows[place]]))[0]) for place in places]
    half = len(rows) // 2
    parts = [range(half), range(half, len(rows))] if half else []
    halves = [
        float(np.max(apart(whole.at(one), subject.tell([rows[place] for place in one])))) for one in parts
    ]
    evidence = [
        {"row": place + 1, "alone differs by": value}
        for place, value in zip(places, alone, strict=True)
        if value > subject.tolerance
    ]
    return held(
        max([*alone, *halves]), subject.tolerance, evidence=evidence,
        good=f"{len(places)} rows alone and both halves are answered as in the batch of {len(rows):,}.",
        bad="A row's answer depends on the rows sent with it. A step computes something over the batch: fit it in"
        " training and only apply it when predicting.",
    )  # fmt: skip


def row_order(subject: Subject) -> Result:
    """The rows shuffled."""
    if subject.looks_back:
        return skipped(LOOKS_BACK)
    order = np.random.default_rng(SEED).permutation(len(subject.rows))
    found = subject.tell([subject.rows[place] for place in order])
    good = "Shuffled rows get the same answers."
    return _held(
        subject,
        subject.answers.at(order),
        found,
        order.tolist(),
        good=good,
        bad="A row's answer depends on its place among the others. Look for shifts, sums or fills.",
    )


def same_row_twice(subject: Subject) -> Result:
    """Each of some rows twice in one batch."""
    if subject.looks_back:
        return skipped(LOOKS_BACK)
    rows = [subject.rows[place] for place in _spread(len(subject.rows), 100)]
    found = subject.tell([row for row in rows for _ in range(2)])
    one, other = found.at(range(0, 2 * len(rows), 2)), found.at(range(1, 2 * len(rows), 2))
    return _held(
        subject,
        one,
        other,
        range(len(rows)),
        good="A row sent twice in one batch gets one answer.",
        bad="The same row gets two answers in one batch. The model draws by chance or drops copies.",
    )


def asked_again(subject: Subject) -> Result:
    """The same batch three times."""
    later = [subject.tell(subject.rows) for _ in range(2)]
    worst = [apart(subject.answers, one) for one in later]
    place = int(np.argmax(np.max(worst, axis=0)))
    figure = float(np.max(worst))
    return held(
        figure, subject.tolerance, good="Asked again, it says the same.",
        bad="Asked again, the model answers otherwise: it draws by chance or remembers. Fix its seed, or take the"
        " chance out of predicting.",
        evidence=[{"row": place + 1, "differs by": figure}] if figure > subject.tolerance else [],
    )  # fmt: skip


def after_reload(subject: Subject) -> Result:
    """Each stored file read once more."""
    evidence = []
    worst = 0.0
    for format, reload in subject.reloads.items():
        found = float(np.max(apart(subject.answers, told(subject.ask(subject.rows, reload())))))
        worst = max(worst, found)
        evidence.append({"file": format, "differs by": found})
    return held(
        worst, subject.tolerance, evidence=evidence,
        good=f"Read anew from {', '.join(subject.reloads)}, it says the same.",
        bad="Read anew from its file, the model answers otherwise. Something that it needs is not saved with it.",
    )  # fmt: skip


def inputs_left_alone(subject: Subject) -> Result:
    """Predicting does not change the table that it is given."""
    if not hasattr(subject.model, "predict"):
        return skipped("It takes no table.")
    frame = subject.signature.frame(subject.rows[:100])
    before = frame.copy(deep=True)
    subject.model.predict(frame)
    if list(frame.columns) != list(before.columns) or not frame.equals(before):
        return failed("Predicting changes the table that it is given. Let the steps work on copies.", 1, 0)
    return passed("The table is as it was.", 0, 0)


def compiled_parity(subject: Subject) -> Result:
    """Labels equal and numbers within the tolerance on real and hard rows; the form may refuse, not differ."""
    if subject.compiled is None:
        return skipped("There is no compiled form.")
    native = Native(subject.model, subject.signature)
    prepared = parity.prepare(native, subject.rows[:MOST_REAL], subject.compiled.features)
    kinds = parity.check(prepared, subject.compiled, subject.compiled_tolerance)
    worst = max(kinds, key=lambda kind: kind.worst)
    wrong = [kind for kind in kinds if kind.n_wrong]
    evidence = [
        {"inputs": kind.kind, "asked": kind.n_inputs, "wrong": kind.n_wrong, "first": kind.wrong[0]}
        for kind in wrong
    ]
    if wrong:
        return failed(
            f"The form that serves answers other than the model ({wrong[0].wrong[0]}). Serve the native model and"
            " compile again.",
            worst.worst, subject.compiled_tolerance, evidence=evidence,
        )  # fmt: skip
    return passed(
        f"{prepared.n_inputs:,} inputs are answered alike.", worst.worst, subject.compiled_tolerance
    )


def compiled_on_data(subject: Subject) -> Result:
    """All the rows at hand, in one request."""
    if subject.compiled is None:
        return skipped("There is no compiled form.")
    try:
        found = told(subject.compiled.score(subject.rows))
    except Refused:
        return skipped("The compiled form leaves some of these rows to the model itself.")
    return _held(
        subject,
        subject.answers,
        found,
        range(len(found)),
        tolerance=subject.compiled_tolerance,
        good=f"{len(found):,} real rows are answered alike.",
        bad="On real rows the form that serves answers other than the model. Serve the model itself.",
    )


def _held(
    subject: Subject, one: Told, other: Told, places: Sequence[Any], *, good: str, bad: str,
    tolerance: float | None = None,
) -> Result:  # fmt: skip
    found, bound = apart(one, other), subject.tolerance if tolerance is None else tolerance
    worst = np.argsort(-found, kind="stable")[:5]
    evidence = [
        {"row": int(places[place]) + 1, "differs by": float(found[place]), "one": _said(one, place),
         "other": _said(other, place)}
        for place in worst
        if found[place] > bound
    ]  # fmt: skip
    return held(float(np.max(found)), bound, good=good, bad=bad, evidence=evidence)


def _said(found: Told, place: Any) -> Any:
    label = found.labels[int(place)]
    return label if label is not None else float(found.numbers[int(place)][0])


def _spread(n: int, most: int) -> list[int]:
    return sorted(set(np.linspace(0, n - 1, min(n, most)).round().astype(int).tolist()))


def rows_of(subject: Subject, most: int) -> list[Row]:
    """Some of the rows, from all over."""
    return [subject.rows[place] for place in _spread(len(subject.rows), most)]


CHECKS = (
    Check("row_against_batch", "Row against batch", GROUP, row_against_batch,
          "rows alone, half the batch and all of it give the same answers"),
    Check("row_order", "Order of rows is irrelevant", GROUP, row_order, "the rows shuffled"),
    Check("same_row_twice", "Same row twice", GROUP, same_row_twice, "a row that comes twice in one batch"),
    Check("asked_again", "Same answer when asked again", GROUP, asked_again, "the same batch three times"),
    Check("after_reload", "Same answer after reloading", GROUP, after_reload,
          "every stored file read anew", ALL, (FILE,)),
    Check("inputs_left_alone", "Inputs left alone", GROUP, inputs_left_alone,
          "predicting does not change the table it is given", ON_ROWS),
    Check("compiled_parity", "Compiled form is equal", GROUP, compiled_parity,
          "the form that serves against the model, on real and hard rows", ON_ROWS, (COMPILED,)),
    Check("compiled_on_data", "Compiled form on real rows", GROUP, compiled_on_data,
          "up to 1,000 rows in one request", ON_ROWS, (COMPILED,)),
)  # fmt: skip
