"""Hard inputs made from the signature: each is answered with finite numbers or refused with words, never a crash.

Rows of the table of checks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from mlregistry.ml.compiling.probes import MOST_COLUMNS, ODD_TEXTS, ODD_TIMES
from mlregistry.ml.model_tests.answers import ANSWERED, CRASHED, REFUSED, UNFIT, Row, apart, fates, told
from mlregistry.ml.model_tests.check import ALL, BLOCKS, ON_ROWS, WARNS, Check
from mlregistry.ml.model_tests.result import Result, failed, passed, skipped
from mlregistry.ml.model_tests.subject import Subject
from mlregistry.ml.signature import Field

GROUP = "Edge cases"
NUMBERS = ("integer", "float")
ANY = ("integer", "float", "boolean", "string", "datetime")
EXTREMES = (0, -1, 1e-300, 5e-324, 1e30, -1e30, 2**31, -(2**63))
BEYOND_32_BITS = (3.5e38, -3.5e38, 1e300, -1e300)
UNICODE = (*ODD_TEXTS[:-1], "\u0000", "١٢٣", "'; DROP TABLE x; --", "<script>", "a\nb\t")
UNSEEN = ("a category that nobody has seen",)
LONG = ("x" * 100_000, "word " * 20_000)
EITHER, REFUSE = (ANSWERED, REFUSED), (REFUSED,)


@dataclass(frozen=True)
class Edge:
    """Values put into one column after the other of the given types; `allowed` is what may come of a row."""

    types: tuple[str, ...]
    values: Callable[[Field], Sequence[Any]]
    allowed: tuple[str, ...]
    advice: str


def _extremes(field: Field) -> Sequence[Any]:
    return EXTREMES if field.type == "float" else [value for value in EXTREMES if float(value).is_integer()]


def _wrong(field: Field) -> Sequence[Any]:
    if field.type in ("integer", "float", "boolean"):
        return ("text", [1], {"a": 1})
    return (1.5, True, [1]) if field.type == "string" else ("no time", 3)


EDGES = {
    "missing_values": Edge(ANY, lambda field: (None,), EITHER, "Impute the column, or declare it as required."),
    "unseen_category": Edge(
        ("string",), lambda field: UNSEEN, EITHER, "Let its encoder ignore or group what it does not know."
    ),
    "empty_text": Edge(("string",), lambda field: ("", " ", "\t"), EITHER, "Treat empty text as missing."),
    "odd_texts": Edge(("string",), lambda field: UNICODE, EITHER, "Read text as Unicode, whatever it holds."),
    "very_long_text": Edge(("string",), lambda field: LONG, EITHER, "Cut long text before it is worked on."),
    "extreme_numbers": Edge(
        ("integer", "float"), _extremes, EITHER, "Clip the column, or let the model refuse what it cannot take."
    ),
    "beyond_32_bits": Edge(
        ("float",), lambda field: BEYOND_32_BITS, EITHER, "Clip the column, or know that such rows are not answered."
    ),
    "infinities": Edge(
        NUMBERS, lambda field: (float("inf"), float("-inf")), REFUSE, "Infinite numbers must be refused."
    ),
    "wrong_types": Edge(ANY, _wrong, REFUSE, "Values of another type must be refused by the signature."),
    "odd_times": Edge(
        ("datetime",), lambda field: ODD_TIMES, EITHER, "Keep the parts of times within what the model has seen."
    ),
}  # fmt: skip
WORDS = {ANSWERED: "is answered", CRASHED: "breaks the model", UNFIT: "is answered without a number"}


def edge(name: str, subject: Subject) -> Result:
    """One column after the other of a real row holds each of the edge's values."""
    found = EDGES[name]
    fields = [one for one in subject.signature.inputs if one.type in found.types][:MOST_COLUMNS]
    if not fields:
        return skipped(f"No input is of the type {' or '.join(found.types)}.")
    rows = subject.rows
    probes = [
        (field.name, value, {**rows[place % len(rows)], field.name: value})
        for place, field in enumerate(fields)
        for value in found.values(field)
    ]
    ends = fates(subject.ask, [row for _, _, row in probes])
    wrong = [
        {"column": column, "value": _shown(value), "what": end.what, "words": end.words}
        for (column, value, _), end in zip(probes, ends, strict=True)
        if end.what not in found.allowed
    ]
    if not wrong:
        n_refused = sum(end.what == REFUSED for end in ends)
        return passed(
            f"{len(ends)} rows: {len(ends) - n_refused} answered, {n_refused} refused with words.", 0, 0
        )
    first = wrong[0]
    text = f"“{first['column']}” = {first['value']} {WORDS[str(first['what'])]}"
    text += f" ({first['words']})." if first["words"] else "."
    return failed(f"{text} {found.advice}", len(wrong), 0, evidence=wrong)


def nothing_given(subject: Subject) -> Result:
    """A row in which every column is null."""
    row: Row = {one.name: None for one in subject.signature.inputs}
    end = fates(subject.ask, [row])[0]
    if end.what in EITHER:
        return passed(f"A row of nothing is {end.what}.", 0, 0)
    return failed(
        f"A row of nothing {WORDS[end.what]} ({end.words}). Impute, or declare inputs as required.", 1, 0
    )


def large_integers(subject: Subject) -> Result:
    """Neighbours beyond 2²⁴, which 32 bits cannot tell apart, are taken, and alike by model and compiled form."""
    fields = [one for one in subject.signature.inputs if one.type == "integer"][:MOST_COLUMNS]
    if not fields:
        return skipped("No input is a whole number.")
    numbers = (2**24, 2**24 + 1, -(2**24) - 1, 2**53 - 1)
    rows = [{**subject.rows[0], field.name: value} for field in fields for value in numbers]
    ends = fates(subject.ask, rows)
    wrong = [
        {
            "column": fields[place // len(numbers)].name,
            "value": numbers[place % len(numbers)],
            "words": end.words,
        }
        for place, end in enumerate(ends)
        if end.what not in EITHER
    ]
    if wrong:
        return failed(
            f"{wrong[0]['value']} in “{wrong[0]['column']}” breaks the model.", len(wrong), 0, evidence=wrong
        )
    if subject.compiled is not None and all(end.what == ANSWERED for end in ends):
        other = fates(subject.compiled.score, rows)
        pairs = [(a.told, b.told) for a, b in zip(ends, other, strict=True) if b.told is not None]
        worst = max(
            (float(np.max(apart(a, b))) for a, b in pairs if a is not None and b is not None), default=0.0
        )
        if worst > subject.tolerance:
            return failed("The compiled form rounds large whole numbers. Serve the native model.", worst,
                          subject.tolerance)  # fmt: skip
    return passed(f"{len(rows)} rows with whole numbers beyond 2²⁴ are taken.", 0, 0)


def unharmed(subject: Subject) -> Result:
    """After all the hard inputs the model answers as before."""
    rows = subject.rows[:50]
    names = [one.name for one in subject.signature.inputs]
    hard: list[Row] = [dict.fromkeys(names), {names[0]: "text"}, {**rows[0], names[0]: float("inf")}]
    fates(subject.ask, hard)
    worst = float(np.max(apart(subject.answers.at(range(len(rows))), told(subject.ask(rows)))))
    if worst > subject.tolerance:
        return failed("After odd input the model answers otherwise. It keeps something between requests.", worst,
                      subject.tolerance)  # fmt: skip
    return passed("Odd input leaves nothing behind.", worst, subject.tolerance)


def _shown(value: Any) -> str:
    text = "null" if value is None else repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _of(name: str, title: str, about: str, severity: str = BLOCKS) -> Check:
    return Check(name, title, GROUP, partial(edge, name), about, ALL, severity=severity)


CHECKS = (
    _of("missing_values", "Missing values", "null in one column after the other"),
    Check("nothing_given", "Row of nothing", GROUP, nothing_given, "null in every column at once"),
    _of("unseen_category", "Unseen category", "a text that training never saw"),
    _of("empty_text", "Empty text", "the empty text, blanks and tabs"),
    _of("odd_texts", "Odd texts", "other scripts, combining and turning characters, NUL, quotes, markup"),
    _of("very_long_text", "Very long text", "100,000 characters"),
    _of("extreme_numbers", "Extreme numbers", "zero, subnormal numbers, ±10³⁰"),
    _of("beyond_32_bits", "Numbers beyond 32 bits", "±10³⁰⁰, which trees of scikit-learn do not take", WARNS),
    _of("infinities", "Infinities", "±∞ must be refused"),
    Check("large_integers", "Whole numbers beyond 2²⁴", GROUP, large_integers,
          "neighbours that 32 bits cannot tell apart", ON_ROWS),
    _of("wrong_types", "Wrong types", "text for numbers, numbers for text, lists: must be refused"),
    _of("odd_times", "Odd times", "the years 1 and 9999, leap days, other time zones"),
    Check("unharmed", "Unharmed by odd input", GROUP, unharmed, "after odd input the answers are as before", ON_ROWS),
)  # fmt: skip
