"""A version against the one before: hand-worked differences, thresholds, several parts."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import spatial, stats

from mlregistry.ml.contracts import comparing, parsing
from mlregistry.ml.contracts.comparing import Difference
from mlregistry.ml.contracts.document import Contract
from tests.ml.contracts.tables import profiled


def compared(folder: Path, earlier: Any, later: Any, contract: Contract | None = None) -> Difference:
    first, second = profiled(folder, earlier, stem="a"), profiled(folder, later, stem="b")
    return comparing.compare(contract or Contract(), first, second)


def found(difference: Difference) -> dict[tuple[str, str | None], tuple[str, Any]]:
    return {(c.rule, c.column): (c.severity, pytest.approx(c.value)) for c in difference.changes}


def base(n: int = 1000, seed: int = 0) -> pd.DataFrame:
    chance = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "size": chance.normal(10, 2, n),
            "color": chance.choice(["red", "green", "blue"], n, p=[0.5, 0.3, 0.2]),
            "ok": chance.random(n) > 0.4,
            "at": pd.Timestamp("2024-01-01") + pd.to_timedelta(chance.integers(0, 100, n), unit="D"),
        }
    )


def test_two_drawings_of_the_same_are_no_difference(tmp_path: Path) -> None:
    difference = compared(tmp_path, base(seed=1), base(seed=2))
    assert (difference.state, difference.changes) == ("passed", ())
    assert [column.kind for column in difference.columns] == [
        "numeric",
        "categorical",
        "categorical",
        "datetime",
    ]
    json.dumps(difference.to_json(), allow_nan=False)


def test_schema_and_volume_are_worked_by_hand(tmp_path: Path) -> None:
    later = base(400, 3).drop(columns="ok").assign(size="big", extra=1)
    assert found(compared(tmp_path, base(), later)) == {
        ("columns_gone", None): ("failed", 1),
        ("columns_new", None): ("warning", 1),
        ("types_changed", None): ("failed", 1),
        ("rows_lost", None): ("failed", 0.6),
    }
    assert found(compared(tmp_path, base(100), base(250, 4))) == {("rows_gained", None): ("warning", 1.5)}


def test_more_missing_values_are_a_warning_and_then_a_failure(tmp_path: Path) -> None:
    later = base()
    later.loc[:99, "size"] = None
    later.loc[:299, "color"] = None
    assert found(compared(tmp_path, base(), later)) == {
        ("missing_rise", "size"): ("warning", 0.1), ("missing_rise", "color"): ("failed", 0.3),
    }  # fmt: skip
    assert found(compared(tmp_path, later, base())) == {}


def test_a_shift_is_measured_as_scipy_measures_it(tmp_path: Path) -> None:
    earlier, later = base(), base(1000, 5)
    later["size"] += 1
    later["color"] = np.where(later.index < 400, "red", "green")
    difference = compared(tmp_path, earlier, later)
    ks = stats.ks_2samp(earlier["size"], later["size"]).statistic
    names = sorted({*earlier["color"], *later["color"]})
    p, q = ([frame["color"].eq(name).sum() for name in names] for frame in (earlier, later))
    gone = earlier["color"].eq("blue").mean()
    assert found(difference) == {
        ("shift_numeric", "size"): ("warning", pytest.approx(ks, abs=0.005)),
        ("shift_categorical", "color"): ("failed", spatial.distance.jensenshannon(p, q)),
        ("categories_gone", "color"): ("warning", gone),
    }
    assert difference.to_json()["largest_shift"]["column"] == "color"


def test_new_categories_and_a_newest_time_that_went_back(tmp_path: Path) -> None:
    later = base(1000, 6)
    later["at"] -= pd.Timedelta(days=10)
    later.loc[:9, "color"] = "violet"
    difference = compared(tmp_path, base(), later)
    assert found(difference) == {
        ("new_categories", "color"): ("warning", 0.01), ("time_back_days", "at"): ("warning", 10),
    }  # fmt: skip
    (color,) = [column for column in difference.columns if column.name == "color"]
    assert color.new == ["violet"]


def test_thresholds_and_methods_are_those_of_the_contract(tmp_path: Path) -> None:
    contract = parsing.parse(
        {
            "columns": [{"name": "size", "type": "numeric"}, {"name": "color", "type": "text"}],
            "comparison": {
                "numeric_method": "psi",
                "thresholds": {"rows_lost": {"fail": 0.05}, "shift_numeric": {"fail": 0.01}},
            },
        }
    )
    later = base(940, 7)
    later["size"] += 2
    later["color"] = "red"
    difference = compared(tmp_path, base(), later, contract)
    assert {change.rule: change.severity for change in difference.changes} == {
        "rows_lost": "failed", "shift_numeric": "failed",
    }  # fmt: skip
    shift = difference.columns[0].shift
    assert shift is not None
    assert shift.method == "psi (10 quantile bins of the earlier version)"


def test_parts_are_read_as_one_table(tmp_path: Path) -> None:
    whole, others = base(600, 8), base(600, 9)
    first = profiled(tmp_path, whole, stem="a")
    second = profiled(tmp_path, others[:100], others[100:], stem="b")
    one = profiled(tmp_path, others, stem="c")
    assert comparing.compare(Contract(), first, second) == comparing.compare(Contract(), first, one)


def test_empty_columns_text_numbers_and_infinite_values_are_compared_without_harm(tmp_path: Path) -> None:
    earlier = {"a": [None, None], "b": [1.0, float("inf")], "c": ["1", "2"], "d": [1, 2]}
    later = {"a": [1.0, 2.0], "b": [float("inf"), float("inf")], "c": [1, 2], "d": [None, None]}
    frames = [pd.DataFrame(frame).astype({"a": float, "b": float}) for frame in (earlier, later)]
    frames[1]["d"] = frames[1]["d"].astype("Int64")
    difference = compared(tmp_path, frames[0], frames[1])
    json.dumps(difference.to_json(), allow_nan=False)
    assert ("missing_rise", "d") in found(difference)
