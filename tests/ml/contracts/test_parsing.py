"""A contract survives JSON; every mistake is named by its path."""

import json
from typing import Any

import pytest

from mlregistry.errors import Invalid
from mlregistry.ml.contracts import parsing
from tests.ml.contracts.tables import column

FULL: dict[str, Any] = {
    "columns": [
        {"name": "key", "type": "identifier", "unique": True, "not_null": True, "pattern": "[0-9]+"},
        {"name": "age", "type": "numeric", "unit": "years", "description": "At birth.", "min": 0, "max": 120},
        {"name": "plan", "type": "categorical", "categories": ["basic", 2, True], "max_missing": 0.1},
        {"name": "note", "type": "text", "required": False, "min_length": 0, "max_length": 500},
        {"name": "at", "type": "datetime", "earliest": "2020-01-01", "latest": "now"},
    ],
    "table": {
        "min_rows": 0, "max_rows": 10, "unique_key": ["key", "at"], "time_column": "at", "max_age_hours": 48.5,
        "extra_columns": "forbid",
    },
    "comparison": {"numeric_method": "psi", "thresholds": {"rows_lost": {"warn": None, "fail": 0.3}}},
}  # fmt: skip


def test_a_contract_survives_the_way_through_json() -> None:
    contract = parsing.parse(FULL)
    assert parsing.parse(json.loads(json.dumps(contract.to_json()))) == contract
    assert contract.columns[0].max_missing == 0
    assert contract.columns[1].min == 0
    assert contract.columns[3].min_length == 0
    assert contract.comparison.thresholds["rows_lost"].level(0.3) == "failed"
    assert contract.comparison.thresholds["rows_lost"].level(0.29) is None


def with_table(**rules: Any) -> dict[str, Any]:
    return {**column("numeric"), "table": rules}


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ([], "contract"),
        ({"rules": []}, "rules"),
        ({"columns": {}}, "columns"),
        ({"columns": ["x"]}, "columns.0"),
        ({"columns": [{"name": "x", "type": "text"}] * 2}, "columns.1"),
        ({"columns": [{"name": str(n), "type": "text"} for n in range(2001)]}, "columns"),
        ({"columns": [{"type": "text"}]}, "columns.0.name"),
        ({"columns": [{"name": "x", "type": "number"}]}, "columns.0.type"),
        ({"columns": [{"name": "x", "type": ["text"]}]}, "columns.0.type"),
        (column("numeric", size=1), "columns.0.size"),
        (column("numeric", unit=5), "columns.0.unit"),
        (column("numeric", required="yes"), "columns.0.required"),
        (column("numeric", min="0"), "columns.0.min"),
        (column("numeric", min=float("nan")), "columns.0.min"),
        (column("numeric", max=10**400), "columns.0.max"),
        (column("numeric", min=2, max=1), "columns.0.max"),
        (column("text", min=2), "columns.0.min"),
        (column("numeric", pattern="a"), "columns.0.pattern"),
        (column("numeric", max_missing=1.5), "columns.0.max_missing"),
        (column("numeric", max_missing=0.5, not_null=True), "columns.0.not_null"),
        (column("categorical", categories=[]), "columns.0.categories"),
        (column("categorical", categories=[None]), "columns.0.categories.0"),
        (column("categorical", categories=["a", "a"]), "columns.0.categories.1"),
        (column("categorical", categories=[str(n) for n in range(1001)]), "columns.0.categories"),
        (column("categorical", categories=["a\x00"]), "columns.0.categories.0"),
        (column("categorical", categories=[10**40]), "columns.0.categories.0"),
        (column("text", pattern=""), "columns.0.pattern"),
        (column("text", pattern="("), "columns.0.pattern"),
        (column("text", pattern=r"(a)\1"), "columns.0.pattern"),
        (column("text", pattern="(?=a)"), "columns.0.pattern"),
        (column("text", pattern="((a{1000}){1000}){1000}"), "columns.0.pattern"),
        (column("text", pattern="'); DROP TABLE x; --"), "columns.0.pattern"),
        (column("text", pattern="a" * 201), "columns.0.pattern"),
        (column("text", min_length=-1), "columns.0.min_length"),
        (column("text", min_length=True), "columns.0.min_length"),
        (column("text", min_length=5, max_length=4), "columns.0.max_length"),
        (column("datetime", earliest="yesterday"), "columns.0.earliest"),
        (column("datetime", earliest=5), "columns.0.earliest"),
        (column("datetime", earliest="2024-01-02", latest="2024-01-01"), "columns.0.latest"),
        (with_table(rows=5), "table.rows"),
        (with_table(min_rows=5, max_rows=4), "table.max_rows"),
        (with_table(unique_key=["y"]), "table.unique_key.0"),
        (with_table(unique_key=["x", "x"]), "table.unique_key.1"),
        (with_table(time_column="y"), "table.time_column"),
        (with_table(max_age_hours=5), "table.time_column"),
        (with_table(time_column="x", max_age_hours=0), "table.max_age_hours"),
        (with_table(extra_columns="maybe"), "table.extra_columns"),
        ({"comparison": {"numeric_method": "js"}}, "comparison.numeric_method"),
        ({"comparison": {"thresholds": {"luck": {}}}}, "comparison.thresholds.luck"),
        ({"comparison": {"thresholds": {"rows_lost": 5}}}, "comparison.thresholds.rows_lost"),
        ({"comparison": {"thresholds": {"rows_lost": {"warn": -1}}}}, "comparison.thresholds.rows_lost.warn"),
        ({"comparison": {"thresholds": {"rows_lost": {"warn": 2, "fail": 1}}}}, "comparison.thresholds.rows_lost.fail"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_its_path(data: Any, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        parsing.parse(data)
    assert caught.value.field == field
