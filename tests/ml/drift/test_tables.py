"""A window's rows against the baseline's: verdicts, rates, new and gone columns, hostile values, Parquet files."""

import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from mlregistry.errors import Invalid, NotFound
from mlregistry.ml.drift.correcting import CORRECTIONS, adjusted
from mlregistry.ml.drift.declaring import Declaration, parse
from mlregistry.ml.drift.judging import corrected
from mlregistry.ml.drift.parquet_rows import open_table
from mlregistry.ml.drift.report import ColumnDrift, DriftReport
from mlregistry.ml.drift.tables import compare, compare_arrays


def rows(n: int, *, shift: float = 0.0, towns: str = "abc", seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng([n, seed, len(towns)])
    return pd.DataFrame(
        {
            "age": rng.normal(40 + shift, 10, n),
            "visits": rng.integers(0, 4, n),
            "town": rng.choice(list(towns), n),
            "active": rng.random(n) < 0.5,
            "at": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 1000, n), unit="h"),
        }
    )


def window(n: int, *, shift: float = 0.0, towns: str = "abc") -> pd.DataFrame:
    return rows(n, shift=shift, towns=towns, seed=1)


def column(report: DriftReport, name: str) -> ColumnDrift:
    found = report.column(name)
    assert found is not None
    return found


@pytest.mark.parametrize("n", [400, 4000])
def test_quiet_rows_do_not_drift_and_shifted_ones_do(n: int) -> None:
    quiet = compare_arrays(rows(n), window(n))
    assert (quiet.n_compared, quiet.n_drifted, quiet.drifted) == (4, 0, False)
    moved = compare_arrays(rows(n), window(n, shift=5, towns="abbbd"))
    assert [one.name for one in moved.columns if one.drifted] == ["age", "town"]
    assert (moved.share, moved.drifted) == (0.5, True)
    assert column(moved, "at").state == "not_compared"


def test_a_figure_carries_its_method_threshold_and_drawing() -> None:
    age = column(compare_arrays(rows(400), window(400, shift=5)), "age")
    assert (age.method, age.direction, age.threshold) == ("ks", "at_most", 0.05)
    assert age.p_value is not None
    assert age.adjusted is not None
    assert age.p_value <= age.adjusted
    assert age.drawing is not None
    assert len(age.drawing.edges) == len(age.drawing.reference) + 1
    assert sum(age.drawing.current) == pytest.approx(1)
    town = column(compare_arrays(rows(4000), window(4000)), "town")
    assert (town.method, town.direction, town.threshold) == ("jensen_shannon", "at_least", 0.1)
    assert town.drawing is not None
    assert town.drawing.labels == ("a", "b", "c")


def test_a_report_survives_its_json() -> None:
    report = compare_arrays(rows(300), window(300, towns="xyz"))
    assert DriftReport.from_json(report.to_json()) == report
    with pytest.raises(Invalid, match="format 9"):
        DriftReport.from_json({**report.to_json(), "format": 9})


def test_new_and_gone_columns_are_named() -> None:
    report = compare_arrays(rows(100).drop(columns="town"), rows(100).drop(columns="age"))
    assert (report.named("new"), report.named("gone")) == (("town",), ("age",))
    assert column(report, "town").alarms


def test_missing_unseen_and_infinite_rates_are_judged_by_themselves() -> None:
    reference, current = rows(1000), window(1000)
    current.loc[:199, "age"] = np.nan
    current.loc[200:299, "age"] = np.inf
    current.loc[:99, "town"] = "never seen"
    report = compare_arrays(reference, current)
    age, town = column(report, "age"), column(report, "town")
    assert age.missing is not None
    assert (age.missing.current, age.missing.drifted) == (0.2, True)
    assert age.infinite is not None
    assert (age.infinite.current, age.infinite.drifted) == (0.1, True)
    assert (age.n_current, age.drifted) == (700, False)
    assert town.unseen is not None
    assert (town.unseen.current, town.unseen.drifted) == (0.1, True)


def test_a_handful_of_unseen_values_is_no_alarm() -> None:
    reference, current = rows(1000), window(1000)
    current.loc[:2, "town"] = "typo"
    unseen = column(compare_arrays(reference, current), "town").unseen
    assert unseen is not None
    assert (unseen.current, unseen.drifted) == (0.003, False)


HOSTILE: list[tuple[Any, Any, str]] = [
    (np.full(200, np.nan), np.arange(200.0), "new"),
    (np.arange(200.0), np.full(200, np.nan), "gone"),
    (np.arange(200.0), np.full(200, np.inf), "too_few"),
    (np.arange(200.0), np.array([]), "too_few"),
    (np.array([]), np.array([]), "too_few"),
    (np.ones(200), np.ones(200), "compared"),
    (np.ones(200), np.zeros(200), "compared"),
    (np.arange(200.0), np.arange(200.0) * 1e200, "too_few"),
    (np.array([2**62, 2**63 - 1] * 100), np.array([2**62] * 200), "compared"),
    (pd.Series([2**70, 1] * 100, dtype="object"), pd.Series([2**70] * 200, dtype="object"), "compared"),
    (np.array([None] * 200, dtype=object), np.array(["a"] * 200, dtype=object), "new"),
    (
        np.array(["a"] * 200, dtype=object),
        np.array([f"id {n}" for n in range(200)], dtype=object),
        "compared",
    ),
    (
        np.array(["a", "b"] * 1500, dtype=object),
        np.array([f"{n}" for n in range(3000)], dtype=object),
        "compared",
    ),
    (
        np.array([f"{n}" for n in range(3000)], dtype=object),
        np.array(["a"] * 3000, dtype=object),
        "not_compared",
    ),
    (np.arange(200.0), np.array(["a"] * 200, dtype=object), "gone"),
    (np.arange(200.0), np.array(["7"] * 200, dtype=object), "compared"),
    (np.array(["1", "2"] * 100, dtype=object), np.array([1, 2] * 100), "compared"),
    (np.array([True, False] * 100), np.array([1, 0] * 100), "compared"),
    (np.array([[1], {}] * 100, dtype=object), np.array([{}] * 200, dtype=object), "compared"),
]


@pytest.mark.parametrize(("reference", "current", "state"), HOSTILE)
def test_hostile_columns_get_a_state_and_finite_figures(reference: Any, current: Any, state: str) -> None:
    report = compare_arrays({"x": reference}, {"x": current})
    found = column(report, "x")
    assert found.state == state
    assert found.statistic is None or np.isfinite(found.statistic)
    DriftReport.from_json(report.to_json())


def test_numbers_in_a_column_of_texts_are_those_texts() -> None:
    same = compare_arrays({"x": np.array(["1", "2"] * 500, dtype=object)}, {"x": np.array([1.0, 2.0] * 500)})
    assert not column(same, "x").drifted


def test_a_window_of_few_rows_gets_no_verdict() -> None:
    report = compare_arrays(rows(1000), window(20, shift=50))
    assert {one.state for one in report.columns} == {"too_few", "not_compared"}
    assert report.drifted is None
    assert compare_arrays(rows(1000), window(20, shift=50), parse({"least_rows": 10})).n_drifted == 1


def test_columns_of_unequal_lengths_are_refused() -> None:
    with pytest.raises(Invalid, match="one length"):
        compare_arrays({"a": [1, 2], "b": [1]}, {})


def test_a_column_that_is_not_watched_is_not_judged() -> None:
    declared = parse({"columns": {"age": {"watched": False}}})
    found = column(compare_arrays(rows(500), window(500, shift=50), declared), "age")
    assert (found.state, found.drifted) == ("not_compared", False)


@pytest.mark.parametrize(
    ("correction", "expected"),
    [
        ("none", [0.01, 0.04, 0.03, 0.005]),
        ("bonferroni", [0.04, 0.16, 0.12, 0.02]),
        ("holm", [0.03, 0.06, 0.06, 0.02]),
        ("benjamini_hochberg", [0.02, 0.04, 0.04, 0.02]),
    ],
)
def test_corrections_are_worked_by_hand(correction: str, expected: list[float]) -> None:
    assert adjusted([0.01, 0.04, 0.03, 0.005], correction) == pytest.approx(expected)
    assert adjusted([], correction) == []


def test_parquet_files_give_what_frames_give(tmp_path: Path) -> None:
    reference, current = rows(3000), window(2000, shift=2, towns="abd")
    current.loc[:99, "age"] = np.nan
    current.loc[:49, "town"] = None
    reference["day"] = [datetime.date(2026, 1, 1)] * 3000
    reference["note"] = [f"note {n}" for n in range(3000)]
    files = []
    for name, frame in (("reference", reference), ("current", current)):
        files.append(_parquet(frame, tmp_path / f"{name}.parquet"))
    with open_table(files[:1]) as before, open_table(files[1:]) as now:
        found = compare(before, now)
    expected = compare_arrays(reference, current)
    for name in ("age", "visits", "town", "active", "at"):
        assert column(found, name) == column(expected, name)
    assert found.named("gone") == ("day", "note")
    with pytest.raises(NotFound), open_table([tmp_path / "nothing.parquet"]):
        pass


def _parquet(frame: pd.DataFrame, path: Path) -> Path:
    with duckdb.connect() as connection:
        connection.register("rows", frame)
        connection.execute(f"COPY rows TO '{path}' (FORMAT parquet)")
    return path


def test_quiet_windows_alarm_no_oftener_than_the_level_however_many_columns_there_are() -> None:
    """100 windows of 10 columns, each window and its baseline drawn alike: five alarms are expected at most."""
    rng = np.random.default_rng(11)
    uncorrected = Declaration(correction="none")
    alarms = dict.fromkeys(CORRECTIONS, 0)
    for _ in range(100):
        sides = [{str(place): rng.normal(size=n) for place in range(10)} for n in (300, 100)]
        columns = compare_arrays(sides[0], sides[1], uncorrected).columns
        for name in alarms:
            found = corrected(columns, Declaration(correction=name))
            alarms[name] += any(one.drifted for one in found)
    assert alarms["bonferroni"] <= alarms["holm"] <= alarms["benjamini_hochberg"] <= 11
    assert alarms["none"] > 25


@pytest.mark.parametrize(
    "name", ["wasserstein", "jensen_shannon", "psi", "psi_equal_width", "hellinger", "total_variation"]
)
@pytest.mark.parametrize("n", [200, 3000])
def test_distances_of_quiet_columns_rarely_pass_their_default_threshold(name: str, n: int) -> None:
    rng = np.random.default_rng(5)
    declared = Declaration(methods={"numeric": name})
    alarms = 0
    for _ in range(60):
        sides = [_of_four_shapes(rng, n) for _ in range(2)]
        alarms += compare_arrays(sides[0], sides[1], declared).n_drifted
    assert alarms <= 3  # of 240


def _of_four_shapes(rng: np.random.Generator, n: int) -> dict[str, Any]:
    return {
        "normal": rng.normal(size=n),
        "exponential": rng.exponential(size=n),
        "uniform": rng.random(n),
        "log_normal": rng.lognormal(size=n),
    }
