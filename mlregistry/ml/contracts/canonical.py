"""How a column is read under its semantic type: SQL for its value, and for the rows that cannot be read so."""

from __future__ import annotations

from mlregistry.ml import duck
from mlregistry.ml.table_info import NUMERIC_TYPES

from .document import ColumnRule

TRUE_WORDS = ("true", "yes", "y", "t", "on", "1")
FALSE_WORDS = ("false", "no", "n", "f", "off", "0")


def value(rule: ColumnRule, stored: str) -> str:
    """SQL of the value as its type wants it; what cannot be read is NULL."""
    column = duck.name(rule.name)
    if rule.type == "numeric" and stored not in NUMERIC_TYPES:
        return _cast(column, "DOUBLE", possible=stored in ("string", "boolean"))
    if rule.type == "datetime" and stored != "datetime":
        return _cast(column, "TIMESTAMP", possible=stored == "string")
    if rule.type in ("categorical", "identifier", "text", "constant", "boolean") and stored != "string":
        return column if numbers_only(rule, stored) else f"CAST({column} AS VARCHAR)"
    return column


def numbers_only(rule: ColumnRule, stored: str) -> bool:
    """True when stored numbers are compared with categories that are numbers."""
    return (
        stored in NUMERIC_TYPES
        and rule.categories is not None
        and all(isinstance(item, int | float) and not isinstance(item, bool) for item in rule.categories)
    )


def unreadable(rule: ColumnRule, stored: str) -> str | None:
    """SQL that is true where the value is there but not of its type; None when every value is."""
    column = duck.name(rule.name)
    if rule.type == "numeric":
        return (
            None if stored in NUMERIC_TYPES else f"({column} IS NOT NULL AND {value(rule, stored)} IS NULL)"
        )
    if rule.type == "datetime":
        return None if stored == "datetime" else f"({column} IS NOT NULL AND {value(rule, stored)} IS NULL)"
    if rule.type == "boolean" and stored != "boolean":
        words = ", ".join(duck.text(word) for word in (*TRUE_WORDS, *FALSE_WORDS))
        if stored in NUMERIC_TYPES:
            return f"({column} IS NOT NULL AND {column} NOT IN (0, 1))"
        return f"({column} IS NOT NULL AND lower(trim(CAST({column} AS VARCHAR))) NOT IN ({words}))"
    return None


def _cast(column: str, sql_type: str, *, possible: bool) -> str:
    return f"TRY_CAST({column} AS {sql_type})" if possible else f"CAST(NULL AS {sql_type})"
