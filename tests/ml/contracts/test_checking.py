"""Each kind of constraint passes and fails, with the rows at fault; hostile patterns cost no time."""

import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlregistry.errors import NotFound
from mlregistry.ml.contracts import checking, parsing
from tests.ml.contracts.tables import NOW, checked, column, parts

TIMES = [pd.Timestamp("2024-01-01"), pd.Timestamp("2024-02-01"), None, pd.Timestamp("2024-05-31 13:00")]
KINDS: list[tuple[str, dict[str, Any], list[Any], list[Any], list[tuple[int, Any]]]] = [
    ("min", column("numeric", min=0), [0, 1, None], [0.0, -2.5, None, -1.0], [(2, -2.5), (4, -1)]),
    ("max", column("numeric", max=9), [9, 1], [10, 9, 11], [(1, 10), (3, 11)]),
    ("max", column("numeric", max=9), [1.5], ["1", "10", None], [(2, 10)]),
    ("categories", column("categorical", categories=["a", "b"]), ["a", None, "b"], ["a", "c"], [(2, "c")]),
    ("categories", column("categorical", categories=[1, 2]), [1, 2], [1, 2, 3], [(3, 3)]),
    ("categories", column("numeric", categories=[1, 2]), [1.0, 2.0, None], [1.5, 2.0], [(1, 1.5)]),
    ("categories", column("boolean", categories=[True]), [True, True], [True, False], [(2, "false")]),
    ("missing", column("text", not_null=True), ["a"], ["a", None], [(2, None)]),
    ("missing", column("numeric", max_missing=0.5), [1, None], [1, None, None], [(2, None), (3, None)]),
    ("unique", column("identifier", unique=True), ["a", "b", None, None], ["a", "b", "a"], [(1, "a"), (3, "a")]),
    ("pattern", column("text", pattern="[a-z]+"), ["ab", None], ["ab", "a1"], [(2, "a1")]),
    ("pattern", column("identifier", pattern="[0-9]{3}"), [123, 456], [123, 45], [(2, 45)]),
    ("length", column("text", min_length=2, max_length=3), ["ab", "abc"], ["a", "abcd"], [(1, "a"), (2, "abcd")]),
    ("length", column("text", max_length=3), ["", "abc", None], ["abcd"], [(1, "abcd")]),
    ("earliest", column("datetime", earliest="2024-01-01"), [*TIMES], [pd.Timestamp("2023-12-31")],
     [(1, "2023-12-31T00:00:00")]),
    ("latest", column("datetime", latest="now"), [*TIMES], [NOW.replace(tzinfo=None), pd.Timestamp("2024-06-02")],
     [(2, "2024-06-02T00:00:00")]),
    ("latest", column("datetime", latest="2024-05-31T12:00:00+00:00"), ["2024-05-31"], ["2024-05-31 12:01:00"],
     [(1, "2024-05-31T12:01:00")]),
    ("type", column("numeric"), ["1", "2.5", None], ["1", "two"], [(2, "two")]),
    ("type", column("numeric"), [1, 2], [*TIMES[:2]], [(1, "2024-01-01T00:00:00"), (2, "2024-02-01T00:00:00")]),
    ("type", column("datetime"), ["2024-01-01"], ["2024-01-01", "soon"], [(2, "soon")]),
    ("type", column("datetime"), [*TIMES], [1700000000, 5], [(1, 1700000000), (2, 5)]),
    ("type", column("boolean"), ["Yes", "no", None], ["yes", "maybe"], [(2, "maybe")]),
    ("type", column("boolean"), [0, 1], [0, 2], [(2, 2)]),
    ("constant", column("constant"), ["a", None, "a"], ["a", "b", "a"], [(2, "b")]),
]  # fmt: skip


@pytest.mark.parametrize(("check", "contract", "good", "bad", "rows"), KINDS)
def test_each_constraint_passes_and_fails_with_its_rows(
    check: str, contract: dict[str, Any], good: list[Any], bad: list[Any], rows: Any, tmp_path: Path
) -> None:
    assert checked(tmp_path, contract, {"x": good}).results == ()
    report = checked(tmp_path, contract, {"x": bad})
    (result,) = report.results
    assert (report.state, result.column, result.check, result.severity) == ("failed", "x", check, "failed")
    assert [(example.row, example.value) for example in result.examples] == rows
    if check != "constant":
        assert result.n_failed == len(rows)
        assert result.share == pytest.approx(len(rows) / len(bad))
    assert "'x'" in result.message


WHOLE: list[tuple[str, dict[str, Any], dict[str, list[Any]], dict[str, list[Any]]]] = [
    ("min_rows", {"min_rows": 2}, {"x": [1, 2]}, {"x": [1]}),
    ("max_rows", {"max_rows": 1}, {"x": [1]}, {"x": [1, 2]}),
    ("unique_key", {"unique_key": ["x", "y"]}, {"x": [1, 1], "y": [1, 2]}, {"x": [1, 1, 2], "y": [1, 1, 1]}),
    ("unique_key", {"unique_key": ["y"]}, {"x": [1, 1], "y": ["a", None]}, {"x": [1, 2], "y": [None, None]}),
    ("extra_columns", {"extra_columns": "forbid"}, {"x": [1]}, {"x": [1], "z": [1]}),
    ("freshness", {"time_column": "t", "max_age_hours": 24}, {"x": [1], "t": ["2024-06-01"]},
     {"x": [1], "t": ["2024-05-31 11:00:00"]}),
    ("freshness", {"time_column": "t", "max_age_hours": 24}, {"x": [1], "t": ["2024-06-01"]}, {"x": [1], "t": [7]}),
]  # fmt: skip


@pytest.mark.parametrize(("check", "rules", "good", "bad"), WHOLE)
def test_each_rule_of_the_table_passes_and_fails(
    check: str, rules: dict[str, Any], good: dict[str, Any], bad: dict[str, Any], tmp_path: Path
) -> None:
    names = sorted(set(good))
    columns = [{"name": name, "type": "text", "required": False} for name in names]
    contract = {"columns": columns, "table": rules}
    assert checked(tmp_path, contract, good).results == ()
    results = checked(tmp_path, contract, bad).results
    assert [result.check for result in results] == [check]


def test_a_repeated_key_is_told_with_its_rows(tmp_path: Path) -> None:
    contract = {
        "columns": [{"name": "x", "type": "numeric"}, {"name": "y", "type": "text"}],
        "table": {"unique_key": ["x", "y"]},
    }
    (result,) = checked(tmp_path, contract, {"x": [1, 2, 1], "y": ["a", "a", "a"]}).results
    assert (result.n_failed, result.column) == (2, None)
    assert [(example.row, example.value) for example in result.examples] == [(1, "x=1, y=a"), (3, "x=1, y=a")]


def test_a_required_column_that_is_gone_fails_and_an_optional_one_does_not(tmp_path: Path) -> None:
    contract = {
        "columns": [
            {"name": "x", "type": "numeric"},
            {"name": "gone", "type": "numeric", "min": 0, "unique": True},
            {"name": "maybe", "type": "text", "required": False, "pattern": "a"},
        ]
    }
    report = checked(tmp_path, contract, {"x": [1], "new": [2]})
    assert [(r.column, r.check, r.severity) for r in report.results] == [
        (None, "extra_columns", "warning"), ("gone", "present", "failed"),
    ]  # fmt: skip


def test_rows_are_numbered_through_all_parts(tmp_path: Path) -> None:
    contract = column("numeric", max=5, not_null=True)
    results = checked(tmp_path, contract, {"x": [1.0, 2.0]}, {"x": [9.0]}, {"x": [None, 8.0]}).results
    assert {result.check: [example.row for example in result.examples] for result in results} == {
        "missing": [4], "max": [3, 5],
    }  # fmt: skip


def test_columns_named_like_our_own_are_checked_like_others(tmp_path: Path) -> None:
    names = ["row_number_", "c0", "n_", "file_row_number", "filename", 'quo"te', "it's"]
    columns = [{"name": name, "type": "numeric", "max": 1, "unique": True} for name in names]
    frame = {name: [1, 2, 2] for name in names}
    results = checked(tmp_path, {"columns": columns}, frame).results
    assert {(result.column, result.check) for result in results} == {
        (name, check) for name in names for check in ("max", "unique")
    }
    assert {example.row for result in results for example in result.examples} == {2, 3}


@pytest.mark.parametrize("pattern", ["(x+x+)+y", "(a|a)*b", "(.*)*y", "((((a*)*)*)*)*$x", "(x?){50}x{50}y"])
def test_a_hostile_pattern_costs_no_time(pattern: str, tmp_path: Path) -> None:
    frame = {"x": ["x" * 9_000, "a" * 9_000, "x" * 200_000]}
    started = time.process_time()
    (result,) = checked(tmp_path, column("text", pattern=pattern), frame).results
    assert result.n_failed == 3
    assert time.process_time() - started < 20
    assert all(len(str(example.value)) <= 201 for example in result.examples)


def test_a_huge_table_is_checked_without_holding_it(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    frame = pd.DataFrame({f"x{i}": chance.random(200_000) for i in range(20)})
    files = parts(tmp_path, frame) * 5
    contract = parsing.parse(
        {"columns": [{"name": f"x{i}", "type": "numeric", "min": 0, "max": 0.5} for i in range(20)]}
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    report = checking.check(contract, files, now=NOW)
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert report.n_rows == 1_000_000
    assert len(report.results) == 20
    failed = 5 * int((frame["x0"] > 0.5).sum())
    assert report.results[0].n_failed == failed
    assert grown_mb < 300  # the table alone takes 160 MB, its failing cells ten times as much


def test_infinite_and_huge_values_make_json(tmp_path: Path) -> None:
    frame = {"x": [float("inf"), float("-inf"), 1.0], "y": [2**60, 1, 2]}
    contract = {
        "columns": [
            {"name": "x", "type": "numeric", "min": 0, "max": 5},
            {"name": "y", "type": "numeric", "max": 5},
        ]
    }
    data = checked(tmp_path, contract, frame).to_json()
    shown = {(r["column"], r["check"]): r["examples"][0]["value"] for r in data["results"]}
    assert shown == {("x", "min"): "-inf", ("x", "max"): "inf", ("y", "max"): str(2**60)}
    assert (data["n_failed"], data["n_warnings"], data["state"]) == (3, 0, "failed")


def test_a_version_without_its_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        checking.check(parsing.parse(column("text")), [tmp_path / "gone.parquet"], now=NOW)
    with pytest.raises(NotFound):
        checking.check(parsing.parse(column("text")), [], now=NOW)
