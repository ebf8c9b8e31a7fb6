"""Checks that users declare as data: a change of one column, and how the answers may move. Made per model."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from mlregistry.errors import Invalid
from mlregistry.ml.model_tests.answers import Row, Told, told
from mlregistry.ml.model_tests.blocking import DECLARED
from mlregistry.ml.model_tests.check import ON_ROWS, Check
from mlregistry.ml.model_tests.expectations import Expectation
from mlregistry.ml.model_tests.result import AT_LEAST, Result, failed, held, skipped
from mlregistry.ml.model_tests.subject import Subject
from mlregistry.ml.signature import plain

Array = npt.NDArray[Any]
GROUP = "Declared"
ROUNDING = 1e-9
WORDS = {"same": "stay as it is", "up": "not fall", "down": "not rise"}


def checks_of(declared: tuple[Expectation, ...]) -> tuple[Check, ...]:
    """One check per expectation."""
    return tuple(
        Check(f"{DECLARED}{one.name}", one.name, GROUP, partial(expected, one), _about(one), ON_ROWS)
        for one in declared
    )


def expected(one: Expectation, subject: Subject) -> Result:
    """Rows before and after the change; those that it does not touch are left out."""
    if one.column not in [field.name for field in subject.signature.inputs]:
        return failed(
            f"The expectation is about “{one.column}”, which is no input of this version. Correct it."
        )
    if subject.looks_back:
        return skipped("The model looks back at earlier rows, so a changed row is another question.")
    pairs = [(row, changed) for row in subject.rows if (changed := _changed(one, row)) is not None]
    if not pairs:
        return skipped(f"No row at hand has a value of “{one.column}” that the change touches.")
    try:
        before, after = (told(subject.ask([pair[side] for pair in pairs])) for side in (0, 1))
        moved = _moved(one, subject, before, after)
    except Invalid as error:
        return failed(f"The changed rows are refused: {error.message} Correct the expectation.")
    keeps = _keeps(one, moved)
    share = float(keeps.mean())
    broken = np.flatnonzero(~keeps)
    evidence = [
        {"row": int(place) + 1, one.column: pairs[place][0][one.column], "changed to": pairs[place][1][one.column],
         "answer moved by": float(moved[place])}
        for place in broken[np.argsort(-np.abs(moved[broken]), kind="stable")]
    ]  # fmt: skip
    return held(
        share, one.share, side=AT_LEAST, evidence=evidence,
        good=f"In {share:.1%} of {len(pairs):,} rows the answer does {WORDS[one.expected]}.",
        bad=f"Only in {share:.1%} of {len(pairs):,} rows does the answer {WORDS[one.expected]}. Constrain the model,"
        f" or take “{one.column}” out.",
    )  # fmt: skip


def _changed(one: Expectation, row: Row) -> Row | None:
    """The row after the change; None where it has nothing to change."""
    value = row[one.column]
    if one.change == "set":
        new = one.value
    elif value is None:
        return None
    elif one.change == "replace":
        if not isinstance(value, str | int | float | bool) or str(value) not in one.value:
            return None
        new = one.value[str(value)]
    elif isinstance(value, bool) or not isinstance(value, int | float):
        raise Invalid(f"“{one.column}” holds no numbers to {one.change}.", field="expectations")
    else:
        new = value + one.value if one.change == "add" else value * one.value
        if isinstance(value, int):
            new = round(new)
    return None if new == value else {**row, one.column: new}


def _moved(one: Expectation, subject: Subject, before: Told, after: Told) -> Array:
    """By how much the answer moved; of classes the probability that is meant, of clusters whether it is another."""
    if subject.kind == "clustering":
        return np.array([float(a != b) for a, b in zip(before.labels, after.labels, strict=True)])
    if subject.kind != "classification":
        return np.asarray(after.numbers[:, 0] - before.numbers[:, 0])
    classes = [plain(value) for value in subject.signature.classes]
    if one.of is None and len(classes) != 2 and one.expected == "same":
        return np.asarray(np.abs(after.numbers - before.numbers).max(axis=1))
    of = one.of if one.of is not None else classes[-1]
    if of not in classes:
        raise Invalid(f"“{of}” is no class of the model.", field="expectations")
    place = classes.index(of)
    return np.asarray(after.numbers[:, place] - before.numbers[:, place])


def _keeps(one: Expectation, moved: Array) -> Array:
    near = one.tolerance + ROUNDING
    if one.expected == "same":
        return np.asarray(np.abs(moved) <= near)
    return np.asarray(moved >= -near if one.expected == "up" else moved <= near)


def _about(one: Expectation) -> str:
    value = "its new values" if one.change == "replace" else repr(one.value)
    return f"{one.column}: {one.change} {value}; the answer should {WORDS[one.expected]}"
