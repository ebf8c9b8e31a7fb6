"""Tables that grow: what fits, what is widened without a loss, what differs."""

from pathlib import Path

import pytest

from mlregistry.errors import Invalid
from mlregistry.ml import table_parts, tables
from mlregistry.ml.tables import Limits, TableInfo


def table(folder: Path, name: str, text: str) -> tuple[Path, TableInfo]:
    (folder / f"{name}.csv").write_text(text)
    target = folder / f"{name}.parquet"
    return target, tables.convert(folder / f"{name}.csv", f"{name}.csv", target)


def fitted(folder: Path, before: str, after: str) -> list[dict[str, object]]:
    old, old_info = table(folder, "old", before)
    new, new_info = table(folder, "new", after)
    table_parts.fit_rows(new, new_info, old_info.columns, folder / "fit.parquet", Limits())
    return tables.preview([old, folder / "fit.parquet"])


def test_columns_are_found_by_name_and_numbers_widened(tmp_path: Path) -> None:
    assert fitted(tmp_path, "a,b\n1,x\n", "b,a\ny,2.5\n") == [{"a": 1.0, "b": "x"}, {"a": 2.5, "b": "y"}]
    assert fitted(tmp_path, "a\n1.5\n", "a\n2\n") == [{"a": 1.5}, {"a": 2.0}]
    assert fitted(tmp_path, "a,b\n1,true\n", "a,b\n2,\n") == [{"a": 1, "b": True}, {"a": 2, "b": None}]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("a,b\n1,2\n", "a\n1\n", "lack the column 'b'"),
        ("a\n1\n", "a,b\n1,2\n", "a column 'b' that the table lacks"),
        ("a\n1\n", "a\nx\n", "'a' is integer; the new rows hold string values such as 'x'"),
        ("a\n1\n", "a\ntrue\n", "hold boolean values"),
        ("a\n9007199254740993\n", "a\n0.5\n", "would lose digits"),
        ("a\n0.5\n", "a\n9007199254740993\n", "would lose digits"),
        ("a\n2024-01-01\n", "a\nsoon\n", "'a' is datetime"),
    ],
)
def test_rows_that_do_not_fit_are_refused_by_column(
    tmp_path: Path, before: str, after: str, words: str
) -> None:
    with pytest.raises(Invalid, match="do not fit") as caught:
        fitted(tmp_path, before, after)
    assert words in caught.value.details[0]


def test_every_column_that_differs_is_named(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="3 columns differ") as caught:
        fitted(tmp_path, "a,b,c\n1,2,3\n", "a,b,d\nx,2,3\n")
    assert len(caught.value.details) == 3


def test_the_difference_counts_rows_and_names_columns(tmp_path: Path) -> None:
    old, old_info = table(tmp_path, "old", "a,b,c\n1,x,0\n2,y,0\n2,y,0\n3,z,0\n")
    new, new_info = table(tmp_path, "new", "b,a,d\nx,1.0,9\ny,2.0,9\nw,4.5,9\n")
    assert table_parts.difference(old, old_info.columns, new, new_info.columns, Limits()) == {
        "rows_added": 1,
        "rows_removed": 2,
        "columns_added": ["d"],
        "columns_removed": ["c"],
        "columns_changed": [{"name": "a", "before": "integer", "after": "float"}],
    }


def test_parts_become_one(tmp_path: Path) -> None:
    parts = [table(tmp_path, f"p{n}", f"a,b\n{n},x\n{n + 1},y\n")[0] for n in range(3)]
    assert table_parts.merge(parts, tmp_path / "all.parquet", Limits()) == 6
    assert (
        tables.load(tmp_path / "all.parquet")["a"].tolist()
        == tables.load(parts)["a"].tolist()
        == [0, 1, 1, 2, 2, 3]
    )
