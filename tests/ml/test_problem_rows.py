"""Granularity, time column, classes and leaking names: each with a reason and what to do."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from mlregistry.errors import Invalid
from mlregistry.ml import problems, tables
from mlregistry.ml.findings import Finding
from mlregistry.ml.problems import ProblemSpec
from tests.ml.frames import CHURN, PRICE, mixed

NOW = datetime(2023, 1, 1, tzinfo=UTC)


def check(folder: Path, spec: ProblemSpec, frame: pd.DataFrame) -> list[Finding]:
    """The table as one file and as several parts must say the same."""
    frame.to_csv(folder / "t.csv", index=False)
    info = tables.convert(folder / "t.csv", "t.csv", folder / "t.parquet")
    found = problems.check(spec, info, folder / "t.parquet", now=NOW)
    half = len(frame) // 2
    for number, part in enumerate((frame[:half], frame[half:])):
        part.to_csv(folder / "p.csv", index=False)
        tables.convert(folder / "p.csv", "p.csv", folder / f"p{number}.parquet")
    assert problems.check(spec, info, [folder / "p0.parquet", folder / "p1.parquet"], now=NOW) == found
    return found


def about(found: list[Finding], column: str | None, severity: str, words: str) -> Finding:
    (one,) = [f for f in found if (f.column, f.severity) == (column, severity) and words in f.message]
    return one


def test_a_key_that_identifies_rows_is_no_finding(tmp_path: Path) -> None:
    spec = replace(CHURN, granularity=("key",), time_column="since")
    frame = mixed().drop(columns="price")
    found = check(tmp_path, spec, frame)
    assert [f for f in found if f.severity == "error"] == []
    assert not any("future" in f.message or "rows share" in f.message for f in found)


def test_doubles_per_granularity_are_counted_and_shown(tmp_path: Path) -> None:
    frame = mixed().assign(key=[f"k{i // 2}" if i < 6 else f"k{i}" for i in range(200)], part=[1, 2] * 100)
    one = about(check(tmp_path, replace(CHURN, granularity=("key",)), frame), "key", "error", "share")
    assert "6 rows share 3 keys (key=k0: 2 rows; key=k1: 2 rows; key=k2: 2 rows)" in one.message
    assert "aggregate" in one.advice
    found = check(tmp_path, replace(CHURN, granularity=("key", "part")), frame)
    assert not any("share" in f.message for f in found)


def test_a_key_or_time_column_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    found = check(tmp_path, replace(CHURN, granularity=("gone",), time_column="never"), mixed())
    assert about(found, "gone", "error", "not in the table").advice
    assert about(found, "never", "error", "not in the table").advice


def test_times_in_the_future_missing_or_unreadable(tmp_path: Path) -> None:
    frame = mixed()
    frame["day"] = frame["since"].dt.strftime("%Y-%m-%d")
    frame.loc[:2, "day"] = "2023-01-02"
    frame.loc[3:4, "day"] = "soon"
    frame.loc[5, "day"] = None
    found = check(tmp_path, replace(CHURN, time_column="day"), frame)
    assert "3 rows lie in the future" in about(found, "day", "warning", "future").message
    assert about(found, "day", "error", "cannot be read").message.startswith("2 of 199")
    assert about(found, "day", "warning", "missing in 1 rows").advice
    found = check(tmp_path, replace(CHURN, time_column="age"), frame)
    assert "ISO 8601" in about(found, "age", "error", "integer").advice


def test_features_named_like_the_answer_are_suspects(tmp_path: Path) -> None:
    frame = mixed().assign(churn_reason="a", isChurned=1, predicted_value=2, y_true=3, churches=4, age=5)
    found = check(tmp_path, CHURN, frame)
    suspects = {f.column for f in found if "may leak" in f.message}
    assert suspects == {"churn_reason", "isChurned", "predicted_value", "y_true"}


def test_small_classes_and_numbers_that_look_like_classes(tmp_path: Path) -> None:
    frame = mixed()
    frame["churn"] = ["rare"] * 4 + ["yes"] * 100 + ["no"] * 96
    assert "4 of 200 rows (2.0 %)" in about(check(tmp_path, CHURN, frame), "churn", "warning", "rare").message
    frame["price"] = [1, 2, 3, 4] * 50
    assert (
        "classification" in about(check(tmp_path, PRICE, frame), "price", "warning", "whole numbers").advice
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"granularity": ("a", "a")}, "granularity"),
        ({"granularity": ("churn",)}, "granularity"),
        ({"time_column": "churn"}, "time_column"),
    ],
)
def test_a_wrong_granularity_names_its_field(change: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        problems.validate(ProblemSpec.from_json({**CHURN.to_json(), **change}))
    assert caught.value.field == field
