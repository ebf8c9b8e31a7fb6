"""Checks of recommenders alone: lists, unknown users, wishes. Rows of the table of checks."""

from __future__ import annotations

from typing import Any

from mlregistry.ml import packaging
from mlregistry.ml.model_tests.check import Check
from mlregistry.ml.model_tests.result import Result, failed, held, passed
from mlregistry.ml.model_tests.steadiness_checks import rows_of
from mlregistry.ml.model_tests.subject import Subject

GROUP = "Lists"
KIND = ("recommendation",)
N_USERS = 200
LONGEST = 10


def lists_in_order(subject: Subject) -> Result:
    """Best first, no item twice, no more than asked for."""
    wrong = []
    for place, row in enumerate(_lists(subject, {"n": LONGEST})):
        items, scores = [one["item"] for one in row], [one["score"] for one in row]
        if len(set(items)) < len(items) or scores != sorted(scores, reverse=True) or len(items) > LONGEST:
            wrong.append({"user": place + 1, "items": items[:5]})
    return held(
        len(wrong), 0, evidence=wrong, good="Lists are best first, without an item twice.",
        bad="A list is not in order, too long or has an item twice. Fit the model again.",
    )  # fmt: skip


def no_empty_list(subject: Subject) -> Result:
    """Every user gets something, as long as items are left that they have not had."""
    empty = [{"user": place + 1} for place, row in enumerate(_lists(subject, {"n": LONGEST})) if not row]
    return held(
        len(empty), len(_rows(subject)) * 0.05, evidence=empty, good="Nearly every user gets a list.",
        bad="Many users get nothing. Let them be recommended again what they had, or bring more items.",
    )  # fmt: skip


def unknown_user(subject: Subject) -> Result:
    """A user of whom nothing is known gets the most popular items."""
    name = subject.signature.inputs[0]
    nobody: Any = -987_654_321 if name.type == "integer" else "nobody of this name"
    try:
        found = subject.ask([{name.name: nobody}, {name.name: None}])["predictions"]
    except Exception as error:  # a crash is what is looked for
        return failed(
            f"An unknown user breaks the model: {type(error).__name__}. Fall back to popular items.", 1, 0
        )
    if not found[0]:
        return failed("An unknown user gets an empty list. Fall back to popular items.", 1, 0)
    return passed(f"An unknown user gets {len(found[0])} popular items.", 0, 0)


def wishes_kept(subject: Subject) -> Result:
    """Items that a request excludes are not in the list."""
    row = rows_of(subject, 1)
    first = _ask(subject, row, {"n": LONGEST})[0]
    barred = [one["item"] for one in first[:3]]
    if not barred:
        return failed("The first user gets an empty list.", 1, 0)
    second = _ask(subject, row, {"n": LONGEST, "exclude": tuple(barred)})[0]
    kept = [{"item": one["item"]} for one in second if one["item"] in barred]
    return held(
        len(kept),
        0,
        evidence=kept,
        good="Excluded items are left out.",
        bad="An excluded item is recommended.",
    )


def _rows(subject: Subject) -> list[dict[str, Any]]:
    return rows_of(subject, N_USERS)


def _lists(subject: Subject, wish: dict[str, Any]) -> list[list[dict[str, Any]]]:
    return _ask(subject, _rows(subject), wish)


def _ask(subject: Subject, rows: list[dict[str, Any]], wish: dict[str, Any]) -> list[list[dict[str, Any]]]:
    frame = subject.signature.frame(rows)
    found: list[list[dict[str, Any]]] = packaging.predict(subject.model, subject.signature, frame, wish)[
        "predictions"
    ]
    return found


CHECKS = (
    Check("lists_in_order", "Lists in order", GROUP, lists_in_order,
          "best first, no item twice, as long as asked", KIND),
    Check("no_empty_list", "No empty lists", GROUP, no_empty_list, "at most 5 % of the users get nothing", KIND),
    Check("unknown_user", "Unknown user", GROUP, unknown_user, "gets the most popular items", KIND),
    Check("wishes_kept", "Exclusions are kept", GROUP, wishes_kept, "excluded items are not in the list", KIND),
)  # fmt: skip
