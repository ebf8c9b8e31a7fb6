"""The contract as a form: texts out of a contract, and a document out of what was sent. Used by contracts."""

from collections.abc import Iterable
from typing import Any

from django.http import QueryDict

from mlregistry.errors import Invalid
from mlregistry.ml.contracts.document import DEFAULT_THRESHOLDS, MEANINGS, ColumnRule, Contract
from mlregistry.ml.contracts.parsing import FOR_TYPES
from mlregistry.ml.table_info import NUMERIC_TYPES
from mlregistry.ui.page import number

MOST_SHOWN = 400
TEXTS = ("type", "unit", "description", "pattern", "earliest", "latest")
FIGURES = ("min", "max", "min_length", "max_length")
FLAGS = ("required", "unique")
TABLE_FIGURES = ("min_rows", "max_rows", "max_age_hours")
Row = dict[str, Any]


def row_of(rule: ColumnRule | None, name: str, stored: str) -> Row:
    """The texts of one column's fields; type "" means that the contract is silent about it."""
    if rule is None:
        rule = ColumnRule(name, "")
    row: Row = {field: getattr(rule, field) or "" for field in TEXTS}
    row |= {field: _text(getattr(rule, field)) for field in FIGURES}
    row |= {field: getattr(rule, field) for field in FLAGS}
    row["max_missing"] = "" if rule.max_missing is None else _text(round(100 * rule.max_missing, 6))
    row["categories"] = "\n".join(_text(item) for item in rule.categories or ())
    return {"name": name, "stored": stored, **row, "summary": summary(rule)}


def rows_of(contract: Contract, columns: Iterable[tuple[str, str]]) -> list[Row]:
    """The columns of a version (name, stored type), then those that only the contract knows."""
    here = dict(columns)
    gone = [rule.name for rule in contract.columns if rule.name not in here]
    names = [*here, *gone][:MOST_SHOWN]
    return [row_of(contract.column(name), name, here.get(name, "")) for name in names]


def rows_sent(form: QueryDict) -> list[Row]:
    """What was sent, as it was sent."""
    rows = []
    for place, name in enumerate(form.getlist("column")[:MOST_SHOWN]):
        row: Row = {"name": name, "stored": form.get(f"c{place}-stored", ""), "summary": []}
        for field in (*TEXTS, *FIGURES, "max_missing", "categories"):
            row[field] = form.get(f"c{place}-{field}", "").strip()
        rows.append(row | {field: f"c{place}-{field}" in form for field in FLAGS})
    return rows


def table_of(contract: Contract) -> Row:
    """The fields about the whole table."""
    rules = contract.table
    return {
        **{field: _text(getattr(rules, field)) for field in TABLE_FIGURES},
        "unique_key": "\n".join(rules.unique_key),
        "time_column": rules.time_column,
        "extra_columns": rules.extra_columns,
        "numeric_method": contract.comparison.numeric_method,
        "categorical_method": contract.comparison.categorical_method,
    }


def table_sent(form: QueryDict) -> Row:
    return {name: form.get(name, "").strip() for name in table_of(Contract())}


def thresholds_of(contract: Contract) -> list[Row]:
    return [
        {"name": name, "title": MEANINGS[name], "warn": _text(value.warn), "fail": _text(value.fail)}
        for name, value in contract.comparison.thresholds.items()
    ]


def thresholds_sent(form: QueryDict) -> list[Row]:
    rows = []
    for name in DEFAULT_THRESHOLDS:
        levels = {level: form.get(f"t-{name}-{level}", "") for level in ("warn", "fail")}
        rows.append({"name": name, "title": MEANINGS[name], **levels})
    return rows


def document(
    rows: list[Row], table: Row, thresholds: list[Row], rest: Iterable[ColumnRule]
) -> dict[str, Any]:
    """What the form says, as JSON; `rest` are the columns that it did not show."""
    places = [place for place, row in enumerate(rows) if row["type"]]
    columns = [_column(rows[place], f"c{place}") for place in places]
    return {
        "columns": [*columns, *(rule.to_json() for rule in rest)],
        "table": {
            **{
                field: _figure(table[field], field, whole=field != "max_age_hours") for field in TABLE_FIGURES
            },
            "unique_key": [line.strip() for line in table["unique_key"].splitlines() if line.strip()],
            "time_column": table["time_column"],
            "extra_columns": table["extra_columns"],
        },
        "comparison": {
            "numeric_method": table["numeric_method"],
            "categorical_method": table["categorical_method"],
            "thresholds": {
                row["name"]: {
                    level: number(row[level], f"t-{row['name']}-{level}") for level in ("warn", "fail")
                }
                for row in thresholds
            },
        },
    }


def at_form_field(error: Invalid, rows: list[Row]) -> Invalid:
    """The error under the name of the form's field: columns.2.min is that of the third column with a type."""
    parts = (error.field or "").split(".")
    places = [place for place, row in enumerate(rows) if row["type"]]
    if parts[0] == "columns" and len(parts) > 2 and parts[1].isdecimal() and int(parts[1]) < len(places):
        return Invalid(error.message, field=f"c{places[int(parts[1])]}-{parts[2]}")
    field = "-".join(["t", *parts[2:]]) if parts[:2] == ["comparison", "thresholds"] else parts[-1]
    return Invalid(error.message, field=parts[1] if parts[0] == "table" and len(parts) > 1 else field)


def summary(rule: ColumnRule) -> list[str]:
    """The constraints in a few words each."""
    texts = []
    if rule.max_missing is not None:
        texts.append(
            "never missing" if not rule.max_missing else f"at most {100 * rule.max_missing:g} % missing"
        )
    if rule.unique:
        texts.append("unique")
    texts += _span(_text(rule.min), _text(rule.max), "")
    texts += _span(_text(rule.min_length), _text(rule.max_length), " characters")
    texts += _span(rule.earliest or "", rule.latest or "", "")
    if rule.categories is not None:
        texts.append(f"{len(rule.categories)} categories")
    if rule.pattern is not None:
        texts.append(f"like {rule.pattern[:40]}")
    return texts if rule.required else [*texts, "may be absent"]


def _span(low: str, high: str, unit: str) -> list[str]:
    if low and high:
        return [f"{low} to {high}{unit}"]
    return [f"from {low}{unit}"] if low else [f"up to {high}{unit}"] if high else []


def _column(row: Row, prefix: str) -> dict[str, Any]:
    """Constraints that are not for the type are left out: the form hides them."""
    data: dict[str, Any] = {field: row[field] or None for field in ("pattern", "earliest", "latest")}
    data |= {field: row[field] for field in ("name", "type", "unit", "description", *FLAGS)}
    for field in FIGURES:
        data[field] = _figure(row[field], f"{prefix}-{field}", whole=field.endswith("length"))
    share = number(row["max_missing"], f"{prefix}-max_missing")
    data["max_missing"] = None if share is None else share / 100
    lines = [line.strip() for line in row["categories"].splitlines() if line.strip()]
    data["categories"] = [_category(line, row["stored"]) for line in lines] or None
    return {
        field: value
        for field, value in data.items()
        if value is not None and (field not in FOR_TYPES or row["type"] in FOR_TYPES[field])
    }


def _category(line: str, stored: str) -> str | int | float:
    if stored not in NUMERIC_TYPES:
        return line
    try:
        return int(line)
    except ValueError:
        return _float(line)


def _float(line: str) -> str | float:
    try:
        return float(line)
    except ValueError:
        return line


def _figure(text: str, field: str, *, whole: bool) -> float | None:
    value = number(text, field)
    if value is None or not float(value).is_integer():
        if value is not None and whole:
            raise Invalid(f"“{text}” is not a whole number.", field=field)
        return value
    return int(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.15g}" if isinstance(value, float) else str(value)
