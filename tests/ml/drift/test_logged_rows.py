"""Logged rows as a table, and two threads that judge columns."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlregistry.ml.drift import tables
from mlregistry.ml.drift.logged_rows import Chosen, open_lines
from mlregistry.ml.drift.tables import compare_arrays
from mlregistry.ml.drift.values import CategoryValues, NumberValues

TYPES = {"age": "integer", "size": "float", "to\"w'n": "string", "is_new": "boolean"}


def written(folder: Path, rows: list[dict[str, Any]]) -> Path:
    lines = folder / "window.ndjson"
    lines.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return lines


def test_lines_are_read_by_the_types_of_the_signature(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"age": 5, "size": 0.1, "to\"w'n": "Köln “\n", "is_new": True, "more": [1]},
        {"age": 2**53, "size": None, "to\"w'n": None, "is_new": False},
        {"age": 7, "size": 1e300},
    ]
    with open_lines(written(tmp_path, rows), TYPES) as table:
        assert (table.names, table.n_rows) == (list(TYPES), 3)
        age, size = table.values("age"), table.values("size")
        town, is_new = table.values("to\"w'n"), table.values("is_new")
        assert isinstance(age, NumberValues)
        assert (age.is_whole, sorted(age.values)) == (True, [5, 7, 2**53])
        assert isinstance(size, NumberValues)
        assert (size.amounts.n_missing, size.amounts.n_infinite, size.values.tolist()) == (1, 1, [0.1])
        assert isinstance(town, CategoryValues)
        assert (town.counts, town.amounts.n_missing) == ({"Köln “\n": 1}, 2)
        assert isinstance(is_new, CategoryValues)
        assert is_new.counts == {"true": 1, "false": 1}
        assert Chosen(table, ["size", "no such"], "input:").names == ["input:size"]


@pytest.mark.parametrize("odd", ["wide", [1], {"a": 2}, True])
def test_a_value_of_another_type_is_missing_and_the_others_stand(tmp_path: Path, odd: Any) -> None:
    rows = [{"age": 5, "size": 0.25}, {"age": odd, "size": 0.5}, {"age": 2.5, "size": 1}]
    with open_lines(written(tmp_path, rows), {"age": "integer", "size": "float"}) as table:
        age, size = table.values("age"), table.values("size")
        assert isinstance(age, NumberValues)
        assert isinstance(size, NumberValues)
        assert {5.0, 2.5} <= set(age.values) <= {5.0, 2.5, 1.0}
        assert age.amounts.n_rows == 3
        assert sorted(size.values) == [0.25, 0.5, 1.0]


def test_no_lines_are_a_table_without_rows(tmp_path: Path) -> None:
    with open_lines(written(tmp_path, []), TYPES) as table:
        assert table.n_rows == 0
        assert table.values("age").amounts.n_rows == 0


def test_two_threads_find_what_one_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    sides = [
        pd.DataFrame({f"n{k}": rng.normal(k * shift / 10, 1, 3_000) for k in range(6)}).assign(
            town=rng.choice(np.array(["a", "b", "c"], dtype=object), 3_000)
        )
        for shift in (0, 1)
    ]
    alone = compare_arrays(sides[0], sides[1])
    monkeypatch.setattr(tables, "WORTH_THREADS", 1)
    assert compare_arrays(sides[0], sides[1]) == alone
    assert [one.name for one in alone.columns] == list(sides[0])
