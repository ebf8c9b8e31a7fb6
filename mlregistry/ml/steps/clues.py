"""What a suggestion asks of a column: from its profile, or from the few figures read at upload while there is none.

Called by suggesting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from mlregistry.ml.problems import IDENTIFIER_ROWS, IDENTIFIER_SHARE
from mlregistry.ml.profiling import document
from mlregistry.ml.steps import meanings
from mlregistry.ml.table_info import Column

WORDS_OF_TEXT = 4
FAR_OUT = 20  # times the size of the typical value
FEW_NUMBERS = 30
DAY = 86_400


@dataclass(frozen=True)
class Clue:
    """One column."""

    name: str
    type: str
    n_rows: int
    n_missing: int
    n_distinct: int
    is_text: bool = False
    is_identifier: bool = False
    has_clock: bool = False
    is_far_out: bool = False
    names_things: bool = False
    moment_unit: str = ""


def of_profile(column: document.Column) -> Clue:
    """By what the column means; keys that repeat name something and stay."""
    numbers, times = column.numbers, column.times
    n_rows = column.n + column.n_missing
    return Clue(
        column.name,
        column.type,
        n_rows,
        column.n_missing,
        column.n_distinct,
        is_text=column.kind == "text" or (column.texts is not None and _is_wordy(column.texts)),
        is_identifier=column.kind == "identifier" and column.n_distinct > IDENTIFIER_SHARE * n_rows,
        has_clock=times is not None and _has_clock(times),
        is_far_out=numbers is not None
        and column.n_distinct >= FEW_NUMBERS
        and _is_far_out(numbers.bins.edges, numbers.minimum, numbers.maximum),
        names_things=numbers is not None and numbers.is_whole and meanings.is_identifier(column.name),
        moment_unit=meanings.unit_of_moment(column.name, numbers.quantiles["0.5"], numbers.maximum)
        if numbers is not None and numbers.is_whole
        else "",
    )


def _is_wordy(texts: document.Texts) -> bool:
    return (texts.mean_words or 0) > WORDS_OF_TEXT


def _has_clock(times: document.Times) -> bool:
    step = times.median_step_seconds
    return not times.minimum.endswith("T00:00:00") or (step is not None and step % DAY != 0)


def of_info(column: Column, n_rows: int) -> Clue:
    """By the examples kept of the column."""
    texts = [str(value) for value in column.examples]
    typical = [float(value) for value in column.examples if isinstance(value, int | float)]
    ends = (column.minimum, column.maximum)
    numbers = [float(end) for end in ends if isinstance(end, int | float)]
    n_known = n_rows - column.n_missing
    is_text = column.type == "string" and _are_sentences(texts)
    whole = len(numbers) == 2 and bool(typical) and all(value.is_integer() for value in typical)
    return Clue(
        column.name,
        column.type,
        n_rows,
        column.n_missing,
        column.n_distinct,
        is_text=is_text,
        is_identifier=column.type == "string"
        and not is_text
        and n_known >= IDENTIFIER_ROWS
        and column.n_distinct > IDENTIFIER_SHARE * n_known,
        has_clock=any(len(text) > 10 and text[11:19] not in ("", "00:00:00") for text in texts),
        is_far_out=column.n_distinct >= FEW_NUMBERS
        and bool(typical)
        and len(numbers) == 2
        and _is_far_out(typical, *numbers),
        names_things=whole and meanings.is_identifier(column.name),
        moment_unit=meanings.unit_of_moment(column.name, median(typical), numbers[1]) if whole else "",
    )


def _are_sentences(texts: Sequence[str]) -> bool:
    return bool(texts) and sum(len(text.split()) for text in texts) > WORDS_OF_TEXT * len(texts)


def _is_far_out(values: Sequence[float], least: float, most: float) -> bool:
    typical = median(abs(value) for value in values)
    return max(abs(least), abs(most)) > FAR_OUT * max(typical, 1e-12)
