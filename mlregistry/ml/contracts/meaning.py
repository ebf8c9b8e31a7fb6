"""Says what a column means (its semantic type) by its profile, and why. Called by inference."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mlregistry.ml.profiling.document import Column

CODE_NAME = re.compile(
    r"(^|[_\W])(code|class|type|category|group|level|zip|plz|postcode|cluster|label)s?$", re.I
)
MOST_CATEGORIES = 50
MOST_CODES = 30
SHARE_OF_DATES = 0.95


@dataclass(frozen=True)
class Meaning:
    """A semantic type and the sentence that gives the reason."""

    type: str
    reason: str


def guess(column: Column) -> Meaning:
    """The kind that the profile gives, but for texts that are dates and numbers that are codes."""
    if not column.n:
        return Meaning("constant", "Every value is missing.")
    share_dates = column.texts.n_dates / column.n if column.texts else 0.0
    if column.kind not in ("constant", "boolean") and share_dates >= SHARE_OF_DATES:
        return Meaning("datetime", f"{share_dates:.0%} of the texts read as dates.")
    few_codes = column.type == "integer" and column.n_distinct <= MOST_CODES
    if column.kind == "numeric" and few_codes and CODE_NAME.search(column.name):
        reason = f"{column.n_distinct} whole numbers under a name like a code's."
        return Meaning("categorical", reason)
    return Meaning(column.kind, REASONS[column.kind](column))


def _boolean(column: Column) -> str:
    if column.type == "boolean":
        return "The values are true and false."
    return f"The only values are {' and '.join(sorted(top.value for top in column.top))}."


def _identifier(column: Column) -> str:
    if column.n_distinct == column.n:
        return f"{column.n:,} values, and none of them twice."
    return f"{column.n_distinct:,} different values in {column.n:,} rows that name something."


def _text(column: Column) -> str:
    words = column.texts.mean_words if column.texts else None
    length = f"{words:.1f} words in the mean, and " if words is not None and words > 1 else ""
    return f"{length}{column.n_distinct:,} different values.".capitalize()


REASONS: Mapping[str, Callable[[Column], str]] = MappingProxyType(
    {
        "constant": lambda column: "There is one value only.",
        "boolean": _boolean,
        "datetime": lambda column: "The values are times.",
        "numeric": lambda column: f"Numbers with {column.n_distinct:,} different values.",
        "categorical": lambda column: f"{column.n_distinct:,} different values in {column.n:,} rows.",
        "identifier": _identifier,
        "text": _text,
    }
)
