"""What a column means, beyond how it is stored: numeric, boolean, categorical, text, datetime, identifier, constant.

Called by columns.
"""

from __future__ import annotations

from mlregistry.ml.profiling import patterns
from mlregistry.ml.profiling.clues import Clues
from mlregistry.ml.profiling.document import Column

LEAST_FOR_IDENTIFIER = 20
NEARLY_UNIQUE = 0.95
MANY_DISTINCT = 0.5
FEW_CATEGORIES = 50
FEW_CLASSES = 20
LONG_TEXT = 40
WORDS_OF_PROSE = 3


def kind_of(column: Column, clues: Clues) -> str:
    """The kind of a column whose figures are all there but this one."""
    if column.n_distinct <= 1:
        return "constant"
    if column.type == "boolean" or _is_truth(column):
        return "boolean"
    if column.type == "datetime":
        return "datetime"
    if column.type == "string":
        return _kind_of_text(column)
    if column.type == "integer" and _is_numbered(column, clues):
        return "identifier"
    return "numeric"


def is_class(column: Column) -> bool:
    """Whether a target of these values is a class to tell, and no number to come close to."""
    few_whole = column.numbers is not None and column.numbers.is_whole and column.n_distinct <= FEW_CLASSES
    return column.type in ("string", "boolean") or few_whole


def _is_truth(column: Column) -> bool:
    if column.n_distinct != 2 or len(column.top) != 2:
        return False
    return frozenset(top.value.strip().lower() for top in column.top) in patterns.TRUTHS


def _is_numbered(column: Column, clues: Clues) -> bool:
    """Whole numbers that name rows or things, and measure nothing."""
    if patterns.is_identifier_name(column.name):
        return True
    unique = column.n_distinct == column.n and column.n >= LEAST_FOR_IDENTIFIER
    return unique and (clues.rises or clues.is_dense or _has_long_keys(column))


def _has_long_keys(column: Column) -> bool:
    """Such as customer numbers: many digits, and as many in each."""
    numbers = column.numbers
    if numbers is None or column.n < 1000:
        return False
    least, most = str(int(numbers.minimum)), str(int(numbers.maximum))
    return len(least) == len(most) >= 6


def _kind_of_text(column: Column) -> str:
    assert column.texts is not None  # noqa: S101  # there are at least two values
    share = column.n_distinct / column.n
    is_long = column.texts.mean_length > LONG_TEXT
    if column.n >= LEAST_FOR_IDENTIFIER and share >= NEARLY_UNIQUE:
        bounded = column.texts.longest <= 64 and column.texts.longest <= 2 * column.texts.mean_length
        looks_like_value = column.texts.n_dates + column.texts.n_numbers > column.n / 2
        is_prose = (column.texts.mean_words or 1) >= WORDS_OF_PROSE
        plain = bounded and not (is_long or looks_like_value or is_prose)
        return "identifier" if plain else "text"
    if patterns.is_identifier_name(column.name) and share > MANY_DISTINCT:
        return "identifier"
    if share > MANY_DISTINCT and column.n_distinct > FEW_CATEGORIES:
        return "text"
    return "text" if is_long and column.n_distinct > FEW_CATEGORIES else "categorical"
