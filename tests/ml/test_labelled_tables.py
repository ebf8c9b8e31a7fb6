"""Tables to train again on, and champion and challenger on the same fresh rows."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from mlregistry.errors import Invalid
from mlregistry.ml import labelled_tables, tables
from mlregistry.ml.comparing import fresh_rows
from mlregistry.ml.labelled_tables import Wanted
from mlregistry.ml.metrics import Outcome

FRAME = pd.DataFrame({
    "id": range(100), "age": [20 + place % 50 for place in range(100)], "plan/~type": ["a", "b"] * 50,
    "fee": [place / 7 for place in range(100)], "seen": pd.date_range("2026-01-01", periods=100),
    "new": [True, False] * 50, "churned": ["no", "yes"] * 50,
})  # fmt: skip


def original(folder: Path) -> tuple[Path, tuple[tables.Column, ...]]:
    FRAME.to_csv(folder / "before.csv", index=False)
    info = tables.convert(folder / "before.csv", "before.csv", folder / "before.parquet")
    return folder / "before.parquet", info.columns


def lines(folder: Path, *rows: dict[str, Any], truth: object = "yes") -> Path:
    path = folder / "lines.ndjson"
    moment = datetime(2026, 5, 1, tzinfo=UTC).isoformat()
    path.write_text(
        "".join(json.dumps({"input": row, "truth": truth, "moment": moment}) + "\n" for row in rows)
    )
    return path


def test_logged_rows_come_behind_those_of_before_in_their_types(tmp_path: Path) -> None:
    before, columns = original(tmp_path)
    logged = lines(
        tmp_path, {"age": 30, "plan/~type": "c'", "fee": 1, "new": True}, {"age": None, "fee": 2.5, "more": 1}
    )
    wanted = Wanted(columns, "churned", most_rows=1_000, order="seen")
    found = labelled_tables.join(before, logged, tmp_path / "all.parquet", wanted)
    assert (found.n_original, found.n_labelled, found.n_unreadable) == (100, 2, 0)
    info = tables.describe(tmp_path / "all.parquet")
    assert [column.type for column in info.columns] == [column.type for column in columns]
    last = tables.preview(tmp_path / "all.parquet", offset=100, limit=2)
    assert last[0] == {
        "id": None, "age": 30, "plan/~type": "c'", "fee": 1.0, "seen": "2026-05-01T00:00:00", "new": True,
        "churned": "yes",
    }  # fmt: skip
    assert (last[1]["age"], last[1]["fee"], last[1]["new"]) == (None, 2.5, None)


def test_a_fraction_makes_whole_numbers_decimals_and_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    before, columns = original(tmp_path)
    logged = lines(tmp_path, {"age": 30.5, "fee": 1}, {"age": "old", "fee": 2})
    found = labelled_tables.join(before, logged, tmp_path / "all.parquet", Wanted(columns, "churned", 1_000))
    assert (found.n_labelled, found.n_unreadable) == (1, 1)
    assert tables.preview(tmp_path / "all.parquet", offset=100)[0]["age"] == 30.5


def test_too_many_rows_of_before_are_thinned_out_the_same_way_each_time(tmp_path: Path) -> None:
    before, columns = original(tmp_path)
    logged = lines(tmp_path, *[{"age": age, "fee": 0.5} for age in range(20, 30)])
    wanted = Wanted(columns, "churned", most_rows=40)
    for name in ("one", "other"):
        assert labelled_tables.join(before, logged, tmp_path / f"{name}.parquet", wanted).n_original == 30
    assert tables.preview(tmp_path / "one.parquet") == tables.preview(tmp_path / "other.parquet")
    alone = labelled_tables.join(
        before, logged, tmp_path / "alone.parquet", Wanted(columns, "churned", 40, with_original=False)
    )
    assert (alone.n_original, alone.n_labelled) == (0, 10)


def test_a_log_without_one_readable_row_is_refused(tmp_path: Path) -> None:
    before, columns = original(tmp_path)
    with pytest.raises(Invalid, match="Not one labelled row"):
        labelled_tables.join(
            before,
            lines(tmp_path, {"age": "old"}),
            tmp_path / "all.parquet",
            Wanted(columns, "churned", 1_000),
        )


def outcome(truth: np.ndarray, scores: np.ndarray) -> Outcome:
    return Outcome(truth, (scores > 0.5).astype(np.int64), np.column_stack([1 - scores, scores]), 2)


def test_a_better_challenger_is_told_with_an_interval_above_nothing() -> None:
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, 800)
    noise = rng.normal(size=800)
    weak, strong = (1 / (1 + np.exp(-(gain * (truth - 0.5) + noise))) for gain in (0.8, 2.5))
    found = fresh_rows.compare("classification", "roc_auc", outcome(truth, weak), outcome(truth, strong))
    assert found.improvement == pytest.approx(roc_auc_score(truth, strong) - roc_auc_score(truth, weak))
    assert found.low is not None
    assert 0 < found.low < found.improvement < (found.high or 0)
    assert found.is_enough(0.0, sure=True)
    assert not found.is_enough(0.5, sure=False)
    log_loss = fresh_rows.compare("classification", "log_loss", outcome(truth, weak), outcome(truth, strong))
    assert log_loss.improvement == pytest.approx(log_loss.champion - log_loss.challenger)
    same = fresh_rows.compare("classification", "roc_auc", outcome(truth, weak), outcome(truth, weak))
    assert (same.improvement, same.is_enough(0.0, sure=True)) == (0.0, False)


def test_rows_of_one_class_cannot_be_compared_by_their_order() -> None:
    truth, scores = np.zeros(50, dtype=np.int64), np.linspace(0, 1, 50)
    with pytest.raises(Invalid, match="cannot be measured"):
        fresh_rows.compare("classification", "roc_auc", outcome(truth, scores), outcome(truth, scores))
