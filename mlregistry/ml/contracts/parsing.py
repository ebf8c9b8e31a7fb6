"""From JSON to a contract; every error names the path of what is wrong. Called by the actions and the workers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.lib.names import clean_name, clean_text

from . import patterns
from .document import (
    CATEGORICAL_METHODS,
    DEFAULT_THRESHOLDS,
    EXTRA_COLUMNS,
    NOW,
    NUMERIC_METHODS,
    SEMANTIC_TYPES,
    ColumnRule,
    Comparison,
    Contract,
    TableRules,
    Threshold,
)

MOST_COLUMNS = 2000
MOST_CATEGORIES = 1000
MOST_KEY_COLUMNS = 20
LONGEST_CATEGORY = 500
LONGEST_VALUE = 10_000_000
FOR_TYPES = {
    "min": ("numeric",),
    "max": ("numeric",),
    "categories": ("categorical", "boolean", "numeric", "constant", "identifier"),
    "pattern": ("categorical", "text", "identifier", "constant"),
    "min_length": ("categorical", "text", "identifier", "constant"),
    "max_length": ("categorical", "text", "identifier", "constant"),
    "earliest": ("datetime",),
    "latest": ("datetime",),
}


def parse(data: Any) -> Contract:
    """The contract; Invalid with the dotted path in `field` when something is wrong, unknown or too much."""
    whole = _object(data, "contract", ("columns", "table", "comparison"))
    rows = _list(whole.get("columns", []), "columns", MOST_COLUMNS)
    columns = tuple(_column(row, f"columns.{place}") for place, row in enumerate(rows))
    _once([rule.name for rule in columns], "columns")
    patterns.check_all({f"columns.{n}.pattern": rule.pattern for n, rule in enumerate(columns)})
    contract = Contract(
        columns, _table(whole.get("table", {})), comparison(whole.get("comparison", {}), "comparison")
    )
    _known_columns(contract)
    return contract


def comparison(data: Any, path: str) -> Comparison:
    """The thresholds; what is not named keeps its default."""
    values = _object(data, path, ("thresholds", "numeric_method", "categorical_method"))
    sent = _object(values.get("thresholds", {}), f"{path}.thresholds", tuple(DEFAULT_THRESHOLDS))
    thresholds = {
        name: _threshold(sent[name], f"{path}.thresholds.{name}") if name in sent else default
        for name, default in DEFAULT_THRESHOLDS.items()
    }
    return Comparison(
        thresholds,
        _choice(values.get("numeric_method", "ks"), NUMERIC_METHODS, f"{path}.numeric_method"),
        _choice(values.get("categorical_method", "js"), CATEGORICAL_METHODS, f"{path}.categorical_method"),
    )


def _column(data: Any, path: str) -> ColumnRule:
    values = _object(data, path, (*(item.name for item in fields(ColumnRule)), "not_null"))
    rule = ColumnRule(
        name=_at(path, "name", lambda p: clean_name(values.get("name"), field=p)),
        type=_choice(values.get("type"), SEMANTIC_TYPES, f"{path}.type"),
        unit=clean_text(values.get("unit", ""), field=f"{path}.unit", max_length=50),
        description=clean_text(values.get("description", ""), field=f"{path}.description", max_length=2000),
        required=_flag(values.get("required", True), f"{path}.required"),
        max_missing=_max_missing(values, path),
        unique=_flag(values.get("unique", False), f"{path}.unique"),
        min=number(values.get("min"), f"{path}.min"),
        max=number(values.get("max"), f"{path}.max"),
        categories=_categories(values.get("categories"), f"{path}.categories"),
        pattern=_pattern(values.get("pattern"), f"{path}.pattern"),
        min_length=_count(values.get("min_length"), f"{path}.min_length", LONGEST_VALUE),
        max_length=_count(values.get("max_length"), f"{path}.max_length", LONGEST_VALUE),
        earliest=_moment(values.get("earliest"), f"{path}.earliest"),
        latest=_moment(values.get("latest"), f"{path}.latest"),
    )
    _check_rule(rule, path)
    return rule


def _check_rule(rule: ColumnRule, path: str) -> None:
    for name, types in FOR_TYPES.items():
        if getattr(rule, name) is not None and rule.type not in types:
            raise Invalid(
                f"Column '{rule.name}' is {rule.type}; '{name}' is for {', '.join(types)} columns.",
                field=f"{path}.{name}",
            )
    _ordered(rule.min, rule.max, f"{path}.max", f"Column '{rule.name}': min is above max.")
    _ordered(
        rule.min_length,
        rule.max_length,
        f"{path}.max_length",
        f"Column '{rule.name}': min_length is above max_length.",
    )
    fixed = rule.earliest and rule.latest and NOW not in (rule.earliest, rule.latest)
    if fixed and moment(rule.earliest or "") > moment(rule.latest or ""):
        raise Invalid(f"Column '{rule.name}': earliest lies after latest.", field=f"{path}.latest")


def _table(data: Any) -> TableRules:
    values = _object(data, "table", tuple(item.name for item in fields(TableRules)))
    key = _list(values.get("unique_key", []), "table.unique_key", MOST_KEY_COLUMNS)
    rules = TableRules(
        min_rows=_count(values.get("min_rows"), "table.min_rows", 10**12),
        max_rows=_count(values.get("max_rows"), "table.max_rows", 10**12),
        unique_key=tuple(clean_name(name, field=f"table.unique_key.{n}") for n, name in enumerate(key)),
        time_column=clean_text(values.get("time_column") or "", field="table.time_column", max_length=200),
        max_age_hours=number(values.get("max_age_hours"), "table.max_age_hours"),
        extra_columns=_choice(values.get("extra_columns", "warn"), EXTRA_COLUMNS, "table.extra_columns"),
    )
    _once(list(rules.unique_key), "table.unique_key")
    _ordered(rules.min_rows, rules.max_rows, "table.max_rows", "min_rows is above max_rows.")
    if rules.max_age_hours is not None and not rules.time_column:
        raise Invalid("max_age_hours needs a time_column to look at.", field="table.time_column")
    if rules.max_age_hours is not None and rules.max_age_hours <= 0:
        raise Invalid("The greatest age is more than 0 hours.", field="table.max_age_hours")
    return rules


def _known_columns(contract: Contract) -> None:
    names = {rule.name for rule in contract.columns}
    for place, name in enumerate(contract.table.unique_key):
        if name not in names:
            raise Invalid(
                f"The unique key names '{name}', which is no column of the contract.",
                field=f"table.unique_key.{place}",
            )
    time = contract.table.time_column
    if time and time not in names:
        raise Invalid(f"The time column '{time}' is no column of the contract.", field="table.time_column")


def moment(text: str) -> datetime:
    """An ISO 8601 date or time, in UTC when it names no zone."""
    value = datetime.fromisoformat(text)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def number(value: Any, path: str) -> float | None:
    """A finite number, or None."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not _finite(value):
        raise Invalid(f"'{path}' is a finite number.", field=path)
    return value


def _finite(value: float) -> bool:
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _max_missing(values: Mapping[str, Any], path: str) -> float | None:
    not_null = _flag(values.get("not_null", False), f"{path}.not_null")
    share = number(values.get("max_missing"), f"{path}.max_missing")
    if share is not None and not 0 <= share <= 1:
        raise Invalid(f"'{path}.max_missing' is a share between 0 and 1.", field=f"{path}.max_missing")
    if not_null and share:
        raise Invalid("not_null and a max_missing above 0 contradict each other.", field=f"{path}.not_null")
    return 0.0 if not_null else share


def _categories(value: Any, path: str) -> tuple[str | int | float | bool, ...] | None:
    if value is None:
        return None
    items = _list(value, path, MOST_CATEGORIES)
    if not items:
        raise Invalid(f"'{path}' names at least one category.", field=path)
    for place, item in enumerate(items):
        if not isinstance(item, str | int | float | bool) or (isinstance(item, float) and not _finite(item)):
            raise Invalid("A category is a text, a number or a boolean.", field=f"{path}.{place}")
        if isinstance(item, str):
            clean_text(item, field=f"{path}.{place}", max_length=LONGEST_CATEGORY)
        elif isinstance(item, int) and abs(item) >= 2**63:
            raise Invalid("A category does not fit into 64 bits.", field=f"{path}.{place}")
    _once([str(item) for item in items], path)
    return tuple(items)


def _pattern(value: Any, path: str) -> str | None:
    if value is None:
        return None
    text = clean_text(value, field=path, max_length=patterns.LONGEST_PATTERN)
    if not text:
        raise Invalid(f"'{path}' is empty.", field=path)
    return text


def _moment(value: Any, path: str) -> str | None:
    if value is None:
        return None
    if value == NOW:
        return NOW
    try:
        moment(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise Invalid(
            f"'{path}' is a date or time such as 2024-01-31 or 2024-01-31T12:00:00, or 'now'.", field=path
        ) from error
    return str(value)


def _count(value: Any, path: str, most: int) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise Invalid(f"'{path}' is a whole number from 0 to {most:,}.", field=path)
    return value


def _threshold(data: Any, path: str) -> Threshold:
    values = _object(data, path, ("warn", "fail"))
    found = Threshold(number(values.get("warn"), f"{path}.warn"), number(values.get("fail"), f"{path}.fail"))
    for name in ("warn", "fail"):
        if (getattr(found, name) or 0) < 0:
            raise Invalid(f"'{path}.{name}' is 0 or more.", field=f"{path}.{name}")
    _ordered(found.warn, found.fail, f"{path}.fail", f"'{path}': warn is above fail.")
    return found


def _object(data: Any, path: str, known: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise Invalid(f"'{path}' is an object.", field=path)
    unknown = next((name for name in data if name not in known), None)
    if unknown is not None:
        place = f"{path}.{str(unknown)[:100]}".removeprefix("contract.")
        raise Invalid(f"'{place}' is not known here; known: {', '.join(known)}.", field=place)
    return data


def _list(data: Any, path: str, most: int) -> Sequence[Any]:
    if not isinstance(data, list | tuple):
        raise Invalid(f"'{path}' is a list.", field=path)
    if len(data) > most:
        raise Invalid(f"'{path}' has {len(data):,} entries; at most {most:,} are allowed.", field=path)
    return data


def _choice(value: Any, known: Sequence[str], path: str) -> str:
    if value not in known:
        raise Invalid(f"'{path}' is one of: {', '.join(known)}.", field=path)
    return str(value)


def _flag(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise Invalid(f"'{path}' is true or false.", field=path)
    return value


def _once(names: Sequence[str], path: str) -> None:
    seen: set[str] = set()
    for place, name in enumerate(names):
        if name in seen:
            raise Invalid(f"'{name[:100]}' is named twice.", field=f"{path}.{place}")
        seen.add(name)


def _ordered(low: float | None, high: float | None, path: str, message: str) -> None:
    if low is not None and high is not None and low > high:
        raise Invalid(message, field=path)


def _at(path: str, name: str, read: Callable[[str], str]) -> str:
    return read(f"{path}.{name}")
