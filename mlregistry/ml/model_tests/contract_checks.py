"""Checks of what a version promises: signature, example, classes, columns. Rows of the table of checks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from mlregistry.errors import Invalid
from mlregistry.ml.model_tests.answers import ANSWERED, REFUSED, apart, fates, told
from mlregistry.ml.model_tests.check import ALL, CLASSIFICATION, ON_ROWS, Check
from mlregistry.ml.model_tests.result import Result, failed, passed, skipped
from mlregistry.ml.model_tests.subject import Subject
from mlregistry.ml.signature import plain

GROUP = "Signature"
NOBODY = "a column of nobody"


def signature_complete(subject: Subject) -> Result:
    """Named inputs, each once, and those that the model itself was fitted on."""
    names = [one.name for one in subject.signature.inputs]
    if not names or len(set(names)) < len(names):
        return failed(
            "The signature names no inputs, or one of them twice. Register the run with its signature."
        )
    fitted = [str(name) for name in getattr(subject.model, "feature_names_in_", ())]
    if lacking := [name for name in fitted if name not in names]:
        return failed(
            f"The model was fitted on “{lacking[0]}”, which the signature does not name. Infer the signature again.",
            evidence=[{"column": name} for name in lacking],
        )
    return passed(f"{len(names)} inputs and the output “{subject.signature.output.name}” are declared.")


def example_answered(subject: Subject) -> Result:
    """The example that the version's page shows can be sent as it is."""
    if not subject.example:
        return skipped("The version has no input example.")
    found = fates(subject.ask, [dict(row) for row in subject.example])
    wrong = [(place, one) for place, one in enumerate(found, start=1) if one.what != ANSWERED]
    if subject.looks_back and wrong:
        found = fates(lambda rows: subject.ask(list(subject.example)), [dict(subject.example[0])])
        return skipped(
            "The model looks back at earlier rows, so rows of the example are not answered one by one."
        )
    if not wrong:
        return passed(f"All {len(found)} rows of the example are answered.", 0, 0)
    return failed(
        f"Row {wrong[0][0]} of the example is not answered: {wrong[0][1].words}. Register with an example that works.",
        len(wrong), 0, evidence=[{"row": place, "what": one.what, "words": one.words} for place, one in wrong],
    )  # fmt: skip


def classes_as_declared(subject: Subject) -> Result:
    """The same classes, in the same rising order, in the signature and in the model; all answers among them."""
    declared = [plain(value) for value in subject.signature.classes]
    answered = subject.ask(subject.rows[:1]).get("classes", [])
    evidence = [
        {"place": place + 1, "declared": one, "answered": other}
        for place, (one, other) in enumerate(zip(declared, answered, strict=False))
        if one != other
    ]
    if declared != answered:
        return failed(
            "The model's classes are not those of the signature in their order, so a client reads probabilities of"
            " the wrong class. Register it with the classes of the fitted model.",
            len(evidence) or abs(len(declared) - len(answered)), 0, evidence=evidence,
        )  # fmt: skip
    if not _rises(declared):
        return failed(
            "The classes are not sorted, while probabilities of scikit-learn's classifiers stand in sorted order."
            " Fit the model again with the labels as they are, and register that.",
            1, 0, evidence=[{"place": place + 1, "class": one} for place, one in enumerate(declared)],
        )  # fmt: skip
    strange = sorted({str(label) for label in subject.answers.labels if label not in declared})
    if strange:
        return failed(f"“{strange[0]}” is answered, which is no declared class.", len(strange), 0)
    return passed(f"{len(declared)} classes, sorted, as the signature declares them.", 0, 0)


def _rises(classes: Sequence[Any]) -> bool:
    try:
        return all(one < other for one, other in pairwise(classes))
    except TypeError:  # of several types
        return True


def one_answer_per_row(subject: Subject) -> Result:
    """As many answers as rows, probabilities as many as classes."""
    rows = subject.rows[:50]
    found = told(subject.ask(rows))
    wide = len(subject.signature.classes)
    if len(found) != len(rows):
        return failed(f"{len(rows)} rows get {len(found)} answers. One step of the model drops or adds rows.")
    if wide and found.numbers.shape[1] != wide:
        return failed(
            f"{wide} classes are declared, but each row gets {found.numbers.shape[1]} probabilities."
        )
    return passed(f"{len(rows)} rows get {len(rows)} answers.", len(found), len(rows))


def missing_column(subject: Subject) -> Result:
    """A request that lacks an input is refused by name, not answered by a guess."""
    row = subject.rows[0]
    probes = [
        {key: value for key, value in row.items() if key != one.name} for one in subject.signature.inputs[:60]
    ]
    found = fates(subject.ask, probes)
    wrong = [
        {"without": field.name, "what": one.what, "words": one.words}
        for field, one in zip(subject.signature.inputs, found, strict=False)
        if one.what != REFUSED or field.name not in one.words
    ]
    if wrong:
        return failed(
            f"A row without “{wrong[0]['without']}” is not refused by name. Its absence must not be answered.",
            len(wrong), 0, evidence=wrong,
        )  # fmt: skip
    return passed(f"Rows without one of {len(found)} inputs are refused by name.", 0, 0)


def extra_column(subject: Subject) -> Result:
    """A column too many is refused by strict requests, and changes nothing where it is let through."""
    row = {**subject.rows[0], NOBODY: 1}
    found = fates(subject.ask, [row])[0]
    if found.what != REFUSED:
        return failed("A row with a column that the model does not know is not refused by strict requests.")
    try:
        frame = subject.signature.frame([row])
    except Invalid as error:
        return failed(f"A row with a column too many cannot be read at all: {error.message}")
    if NOBODY in frame.columns:
        return failed("A column too many reaches the model. It must be given the declared ones alone.")
    return passed("It is refused by strict requests and left out by others.")


def column_order(subject: Subject) -> Result:
    """Rows whose columns come in another order get the same answers."""
    rows = subject.rows[:100]
    turned = [dict(reversed(list(row.items()))) for row in rows]
    differences = apart(subject.answers.at(range(len(rows))), subject.tell(turned))
    worst = float(np.max(differences))
    if worst > subject.tolerance:
        return failed(
            "Answers depend on the order of the columns in a request. Choose columns by name.", worst, 0
        )
    return passed("Columns in reversed order give the same answers.", worst, subject.tolerance)


def no_rows(subject: Subject) -> Result:
    """A request without rows is refused with words."""
    try:
        subject.ask([])
    except Invalid as error:
        return passed(f"It is refused: {error.message}")
    except Exception as error:  # a crash is what is looked for
        return failed(f"A request without rows breaks the model: {type(error).__name__}.")
    return failed("A request without rows is answered.")


CHECKS = (
    Check("signature_complete", "Signature is complete", GROUP, signature_complete,
          "inputs are named once each, and are those that the model was fitted on"),
    Check("example_answered", "Example is answered", GROUP, example_answered, "each row of the input example"),
    Check("classes_as_declared", "Classes as declared", GROUP, classes_as_declared,
          "the classes of signature and model are the same, sorted, in one order", CLASSIFICATION),
    Check("one_answer_per_row", "One answer per row", GROUP, one_answer_per_row,
          "as many answers as rows, as many probabilities as classes"),
    Check("missing_column", "Missing column is refused", GROUP, missing_column,
          "a row without one of the inputs is refused by name", ALL),
    Check("extra_column", "Extra column changes nothing", GROUP, extra_column,
          "strict requests refuse a column too many, others leave it out"),
    Check("column_order", "Order of columns is irrelevant", GROUP, column_order,
          "rows with their columns reversed", ON_ROWS),
    Check("no_rows", "Request without rows", GROUP, no_rows, "it is refused with words"),
)  # fmt: skip
