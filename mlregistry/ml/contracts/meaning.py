"""Guesses what a column means (its semantic type) from its figures, and says why. Called by inference."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .figures import Figures

PAIRS = ({"yes", "no"}, {"true", "false"}, {"y", "n"}, {"t", "f"}, {"on", "off"}, {"0", "1"})
ID_NAME = re.compile(
    r"(^|[_\W])(id|key|uuid|guid|nr|no|number|code)$|[a-z](ID|Id|Key|Uuid|Guid)$|^index$", re.A
)
FOREIGN_NAME = re.compile(r"(^|[_\W])(id|key|uuid|guid)$|[a-z](ID|Id|Key)$")
CODE_NAME = re.compile(
    r"(^|[_\W])(code|class|type|category|group|level|zip|plz|postcode|cluster|label)s?$", re.I
)
LEAST_ROWS = 20
IDENTIFIER_SHARE = 0.98
MOST_CATEGORIES = 50
MOST_CODES = 30
FEW_SHARE = 0.05
LONG_TEXT = 40
MANY_WORDS = 3.0


@dataclass(frozen=True)
class Meaning:
    """A semantic type and the sentence that gives the reason."""

    type: str
    reason: str


def guess(figures: Figures, values: list[str]) -> Meaning:
    """`values` are the distinct values as text when there are few of them, else empty."""
    if figures.n_known == 0:
        return Meaning("constant", "Every value is missing.")
    if figures.n_distinct <= 1:
        return Meaning("constant", "There is one value only.")
    if figures.type == "boolean" or _is_pair(values):
        return Meaning("boolean", _boolean_reason(figures, values))
    if figures.type == "datetime":
        return Meaning("datetime", "The values are times.")
    if figures.type == "string":
        return _text(figures)
    return _number(figures)


def _is_pair(values: list[str]) -> bool:
    return {value.strip().lower() for value in values} in PAIRS


def _boolean_reason(figures: Figures, values: list[str]) -> str:
    if figures.type == "boolean":
        return "The values are true and false."
    return f"The only values are {values[0]} and {values[1]}."


def _number(figures: Figures) -> Meaning:
    known, distinct = figures.n_known, figures.n_distinct
    whole = figures.type == "integer"
    unique = known >= LEAST_ROWS and distinct >= IDENTIFIER_SHARE * known
    if whole and unique and ID_NAME.search(figures.name):
        return Meaning("identifier", "Whole numbers that hardly repeat, under a name like a key's.")
    if whole and unique and figures.maximum - figures.minimum + 1 == known:
        return Meaning("identifier", "Whole numbers without gaps or repetition, like a row number.")
    if whole and distinct > LEAST_ROWS and FOREIGN_NAME.search(figures.name):
        return Meaning(
            "identifier", "Whole numbers that repeat, under a key's name: they refer to something."
        )
    if whole and distinct <= MOST_CODES and CODE_NAME.search(figures.name):
        return Meaning("categorical", f"{distinct} whole numbers under a name like a code's.")
    return Meaning("numeric", f"Numbers with {distinct:,} different values.")


def _text(figures: Figures) -> Meaning:
    known, distinct = figures.n_known, figures.n_distinct
    words, longest = figures.mean_words, figures.max_length or 0
    if figures.share_dates >= 0.95:
        return Meaning("datetime", f"{figures.share_dates:.0%} of the texts read as dates.")
    wordy = words >= MANY_WORDS or (longest > LONG_TEXT and words > 1.5)
    if known >= LEAST_ROWS and distinct >= IDENTIFIER_SHARE * known and not wordy:
        return Meaning("identifier", f"{distinct:,} different values in {known:,} rows, in one word each.")
    if distinct <= MOST_CATEGORIES or (distinct <= FEW_SHARE * known and not wordy):
        return Meaning("categorical", f"{distinct:,} different values in {known:,} rows.")
    if wordy:
        return Meaning("text", f"{words:.1f} words in the mean, and {distinct:,} different values.")
    return Meaning("categorical", f"Short texts with {distinct:,} different values in {known:,} rows.")
