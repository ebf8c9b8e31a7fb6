"""A table with thirty kinds of planted defects, each of which must be found, and clean tables without alarms."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets

from mlregistry.ml.profiling.document import Profile

from .conftest import Profiled

N = 4000
NOW = pd.Timestamp("2026-06-01")


def planted() -> pd.DataFrame:
    """Every column but the last few spoils something; see DEFECTS."""
    chance = np.random.default_rng(3)
    churned = chance.random(N) < 0.3
    normal = chance.normal(100, 15, N)
    height = chance.normal(172, 8, N)
    height[chance.random(N) < 0.05] /= 100
    weight = chance.normal(70, 9, N)
    weight[2600:] *= 1000
    income = np.round(chance.normal(4000, 900, N), 2)
    income[chance.random(N) < 0.03] = -999
    age = chance.integers(18, 90, N)
    started = pd.Timestamp("2020-01-01") + pd.to_timedelta(chance.integers(0, 2000, N), unit="D")
    closed = pd.Series(started + pd.to_timedelta(30, unit="D")).where(churned)
    born = pd.Series(pd.Timestamp("1970-01-01") - pd.to_timedelta(chance.integers(1, 9000, N), unit="D"))
    born[chance.random(N) < 0.04] = pd.Timestamp("1900-01-01")
    seen = pd.Series(started)
    seen[::100] = pd.Timestamp("2031-05-05")
    gone = chance.random(N) < 0.1
    day = chance.integers(10, 28, N)
    frame = pd.DataFrame({
        "customer_id": [f"C{i:06d}" for i in range(N)],
        "constant": "DE",
        "nearly": np.where(np.arange(N) % 500 == 0, "x", "y"),
        "empty": pd.Series([None] * N, dtype=str),
        "mostly_missing": pd.Series(normal).where(chance.random(N) < 0.2),
        "ratio": np.where(chance.random(N) < 0.01, np.inf, normal),
        "income": income,
        "children": np.where(chance.random(N) < 0.05, -1, chance.integers(0, 6, N)),
        "height": height,
        "weight": weight,
        "rounded_id": (chance.integers(10**17, 9 * 10**17, N)).astype(float),
        "excel_id": [f"{x:.5f}E+15".replace("e", "E") for x in chance.uniform(1, 9, N)],
        "price_text": [f"{x:.2f}".replace(".", ",") for x in chance.uniform(1, 999, N)],
        "mixed": np.where(chance.random(N) < 0.03, "see note", chance.integers(0, 99, N).astype(str)),
        "date_text": [f"2020-{i % 12 + 1:02d}-{i % 28 + 1:02d}" for i in range(N)],
        "two_date_forms": [f"{d}.0{i % 9 + 1}.2020" if i % 3 else f"0{i % 9 + 1}/{d}/2020" for i, d in enumerate(day)],
        "spelled": chance.choice(["n/a", "?", "a", "b", "c"], N, p=[0.05, 0.05, 0.3, 0.3, 0.3]),
        "town": chance.choice(["Berlin", "berlin", "BERLIN ", "Bonn", "Ulm"], N),
        "encoding": chance.choice(["MÃ¼nchen", "KÃ¶ln", "Bonn"], N),
        "formula": np.where(np.arange(N) % 1000 == 7, "=cmd|' /C calc'!A0", chance.choice(["p", "q"], N)),
        "json": [f'{{"a": {i % 7}}}' for i in range(N)],
        "contact": [f"user{i % 900}@example.org" for i in range(N)],
        "phone": [f"+49 170 {i % 9000 + 100000}" for i in range(N)],
        "consent": chance.choice(["yes", "Y", "no", "N", "true"], N),
        "street_code": [f"S{i}" for i in chance.integers(0, 700, N)],
        "skewed": np.exp(chance.normal(0, 2.5, N)),
        "slip": np.r_[[9e7], chance.normal(50, 5, N - 1)],
        "capped": np.minimum(chance.exponential(200_000, N), 500_000.0),
        "epoch_time": started.astype("int64") // 10 ** (6 if started.unit == "us" else 9),
        "seen_at": seen,
        "born_on": born,
        "closed_at": closed,
        "gap_a": pd.Series(normal * 2 + chance.normal(0, 9, N)).mask(gone),
        "gap_b": pd.Series(chance.normal(0, 1, N)).mask(gone),
        "twin": age,
        "age": age,
        "nearly_twin": age * 3.0 + chance.normal(0, 0.5, N),
        "leak": np.where(churned, 7.0, 3.0) + chance.normal(0, 0.3, N),
        "leak_text": np.where(churned, chance.choice(["left", "quit"], N), chance.choice(["stays", "new"], N)),
        "churned": np.where(churned, "yes", "no"),
    })  # fmt: skip
    frame.loc[chance.random(N) < 0.01, "churned"] = None
    return pd.concat([frame, frame.iloc[:80]], ignore_index=True)


DEFECTS = [
    ("identifier", "customer_id"), ("constant", "constant"), ("nearly_constant", "nearly"), ("empty", "empty"),
    ("missing", "mostly_missing"), ("infinite", "ratio"), ("sentinel", "income"), ("sentinel", "children"),
    ("mixed_units", "height"), ("mixed_units", "weight"), ("rounded_identifier", "rounded_id"),
    ("rounded_identifier", "excel_id"), ("numbers_as_text", "price_text"), ("mixed_types", "mixed"),
    ("dates_as_text", "date_text"), ("mixed_dates", "two_date_forms"), ("spelled_missing", "spelled"),
    ("variants", "town"), ("padded", "town"), ("broken_text", "encoding"), ("formulas", "formula"),
    ("structured", "json"), ("personal", "contact"), ("personal", "phone"), ("several_truths", "consent"),
    ("many_categories", "street_code"), ("skewed", "skewed"), ("far_out", "slip"), ("capped", "capped"),
    ("times_as_numbers", "epoch_time"), ("future", "seen_at"), ("placeholder_date", "born_on"),
    ("time_leak", "closed_at"), ("missing_together", "gap_a"), ("duplicate_columns", "age"),
    ("correlated", "nearly_twin"), ("leakage", "leak"), ("leakage", "leak_text"), ("target_missing", "churned"),
]  # fmt: skip


@pytest.fixture(scope="module")
def spoiled(profiled: Profiled) -> Profile:
    return profiled(planted(), n_parts=3, target="churned")


def kinds(profile: Profile) -> set[tuple[str, str]]:
    return {(alert.kind, column) for alert in profile.alerts for column in alert.columns}


def test_every_planted_defect_is_found(spoiled: Profile) -> None:
    found = spoiled
    assert [defect for defect in DEFECTS if defect not in kinds(found)] == []
    assert "duplicate_rows" in {alert.kind for alert in found.alerts}
    assert len({kind for kind, _ in DEFECTS}) >= 30


def test_what_is_not_spoiled_raises_no_grave_alarm(spoiled: Profile) -> None:
    found = spoiled
    planted_in = {column for _, column in DEFECTS}
    false = [
        alert for alert in found.alerts if alert.severity == "high" and not set(alert.columns) & planted_in
    ]
    assert false == []


def test_alerts_come_gravest_first_with_a_sentence_and_what_to_do(spoiled: Profile) -> None:
    found = spoiled
    places = [("high", "medium", "low").index(alert.severity) for alert in found.alerts]
    assert places == sorted(places)
    for alert in found.alerts:
        assert alert.message.endswith((".", "?"))
        assert alert.advice
        assert all(found.column(name) is not None for name in alert.columns)


def test_the_quick_profile_finds_what_one_column_shows(profiled: Profiled) -> None:
    found = profiled(planted(), depth="quick", target="churned")
    between = {"time_leak", "leakage", "missing_together", "duplicate_columns", "correlated"}
    assert [defect for defect in DEFECTS if defect[0] not in between and defect not in kinds(found)] == []


def test_nothing_is_found_where_nothing_is_planted(profiled: Profiled) -> None:
    found = profiled(plain(), target="y")
    assert kinds(found) & {(kind, name) for kind, _ in DEFECTS for name in plain().columns} == set()


def test_times_as_numbers_are_found_beside_zeros(profiled: Profiled) -> None:
    seconds = np.random.default_rng(2).integers(1_000_000_000, 1_400_000_000, 4000)
    seconds[:16] = 0
    (alert,) = [
        alert
        for alert in profiled(pd.DataFrame({"timestamp": seconds}), depth="quick").alerts
        if alert.kind == "times_as_numbers"
    ]
    assert (alert.severity, "In 16 rows it is 0" in alert.message) == ("medium", True)


def labels(frame: pd.DataFrame, wrong: int) -> pd.DataFrame:
    """The first rows once more with the other label."""
    again = frame.iloc[:wrong].copy()
    again["y"] = 1 - again["y"]
    return pd.concat([frame, again], ignore_index=True)


def plain(n: int = 2000) -> pd.DataFrame:
    chance = np.random.default_rng(11)
    frame = pd.DataFrame({
        "a": chance.normal(0, 1, n), "b": chance.exponential(2, n), "c": chance.integers(0, 100, n),
        "d": chance.choice(["red", "green", "blue"], n), "e": chance.random(n) < 0.4,
        "f": pd.Timestamp("2023-01-01") + pd.to_timedelta(chance.integers(0, 500 * 86400, n), unit="s"),
        "g": np.where(chance.random(n) < 0.05, np.nan, chance.normal(1e6, 1e5, n)),
    })  # fmt: skip
    frame["y"] = (frame["a"] + chance.normal(0, 1, n) > 0).astype(int)
    return frame


def test_conflicting_labels_are_counted(profiled: Profiled) -> None:
    found = profiled(labels(plain(), 50), target="y")
    assert found.duplicates is not None
    assert found.duplicates.n_conflicting_rows == 100
    assert ("conflicting_labels", "y") in kinds(found)


def test_rows_sorted_by_the_target_are_noticed(profiled: Profiled) -> None:
    frame = plain()
    assert ("sorted_by_target", "y") in kinds(profiled(frame.sort_values("y"), n_parts=2, target="y"))
    assert ("sorted_by_target", "y") not in kinds(profiled(frame, target="y"))


@pytest.mark.parametrize(("n_rare", "severity"), [(4, "high"), (60, "medium")])
def test_rare_classes_are_named(profiled: Profiled, n_rare: int, severity: str) -> None:
    frame = plain()
    frame["y"] = (np.arange(len(frame)) < n_rare).astype(int)
    found = [
        alert for alert in profiled(frame, target="y", depth="quick").alerts if alert.kind == "imbalance"
    ]
    assert [alert.severity for alert in found] == [severity]


def test_a_leak_into_a_number_is_found_by_its_r2(profiled: Profiled) -> None:
    frame = plain().drop(columns="y")
    frame["price"] = np.exp(frame["a"])
    found = profiled(frame, target="price")
    assert ("leakage", "a") in kinds(found)
    column = found.column("a")
    assert column is not None
    assert column.with_target is not None
    assert column.with_target.metric == "r2"


def grouped(n: int = 3000) -> pd.DataFrame:
    """Numbers that come in two groups, counts with many zeros, codes with leading zeros: all of it honest."""
    chance = np.random.default_rng(5)
    kind = chance.choice(["van", "truck"], n)
    return pd.DataFrame({
        "load_kg": np.where(kind == "van", chance.normal(800, 200, n), chance.normal(9000, 3000, n)).clip(50),
        "claims": chance.poisson(0.2, n), "postcode": [f"{i:05d}" for i in chance.integers(1000, 99_999, n)],
        "kind": kind, "year": chance.integers(1990, 2025, n), "balance": chance.normal(0, 1000, n).round(2),
        "y": np.where(chance.random(n) < 0.35, "yes", "no"),
    })  # fmt: skip


def bundled(load: Any) -> pd.DataFrame:
    frame: pd.DataFrame = load(as_frame=True).frame
    return frame


@pytest.mark.parametrize(
    ("make", "target"),
    [
        (plain, "y"),
        (grouped, "y"),
        (lambda: bundled(datasets.load_breast_cancer), "target"),
        (lambda: bundled(datasets.load_diabetes), "target"),
        (lambda: bundled(datasets.load_wine), "target"),
        (lambda: bundled(datasets.load_iris), "target"),
        (lambda: bundled(datasets.load_digits), "target"),
    ],
    ids=["plain", "grouped", "breast_cancer", "diabetes", "wine", "iris", "digits"],
)
def test_clean_tables_raise_at_most_one_grave_alarm(profiled: Profiled, make: Any, target: str) -> None:
    found = profiled(make(), target=target)
    assert len([alert for alert in found.alerts if alert.severity == "high"]) <= 1, found.alerts
