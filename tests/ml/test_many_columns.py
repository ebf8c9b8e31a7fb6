"""Tables of many columns: counted in few statements, with the figures that other ways of counting give."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mlregistry.ml import column_counts, duck, tables


def wide(n_columns: int, n_rows: int = 30) -> bytes:
    """Whole numbers, decimals, text, dates, gaps and words for missing in turn."""
    kinds: list[Callable[[int], str]] = [
        lambda i: str(i % 7),
        lambda i: f"{i / 7:.3f}",
        lambda i: "abc"[i % 3],
        lambda i: f"2024-01-{1 + i % 28:02}",
        lambda i: "" if i % 5 else "x",
        lambda i: "NA" if i % 4 else f"{i}.5",
    ]
    rows = [",".join(kinds[n % 6](i + n) for n in range(n_columns)) for i in range(n_rows)]
    return "\n".join([",".join(f"c_{n}" for n in range(n_columns)), *rows]).encode()


def converted(folder: Path, content: bytes) -> tables.TableInfo:
    (folder / "upload").write_bytes(content)
    return tables.convert(folder / "upload", "t.csv", folder / "t.parquet")


def test_stacked_and_side_by_side_counts_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stacked = converted(tmp_path, wide(45))
    monkeypatch.setattr(column_counts, "STACKED_ROWS", 0)
    assert stacked == converted(tmp_path, wide(45))
    assert {column.type for column in stacked.columns} == {"integer", "float", "string", "datetime"}
    assert len(stacked.notes) == 7


def test_columns_are_counted_in_chunks_that_keep_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = converted(tmp_path, wide(45))
    monkeypatch.setattr(column_counts, "MOST_STACKED", 7)
    assert whole == converted(tmp_path, wide(45))


def test_bounds_come_from_the_rows_where_the_footer_hides_them(tmp_path: Path) -> None:
    long = "a" + "b" * 400
    info = converted(tmp_path, f"s,x,empty\n{long}1,inf,\n{long}2,1.5,\n".encode())
    text, number, empty = info.columns
    assert (text.minimum, text.maximum) == (f"{long}1", f"{long}2")
    assert (number.minimum, number.maximum, number.n_infinite) == (1.5, 1.5, 1)
    assert (empty.n_missing, empty.n_distinct, empty.minimum) == (2, 0, None)


def test_parts_of_another_type_are_told_by_the_rows(tmp_path: Path) -> None:
    with duck.connect([tmp_path]) as connection:
        for name, values in (("one", "9, 10"), ("two", "'5', '7'")):
            connection.execute(
                f"COPY (SELECT unnest([{values}]) AS a) TO {duck.text(tmp_path / name)} (FORMAT parquet)"
            )
    column = tables.describe([tmp_path / "one", tmp_path / "two"]).columns[0]
    assert (column.type, column.minimum, column.maximum) == ("string", "10", "9")


def test_figures_of_many_rows_are_exact_where_values_are_few(tmp_path: Path) -> None:
    with duck.connect([tmp_path]) as connection:
        connection.execute(
            "COPY (SELECT i % 1000 - 500 AS n, (i % 90000) / 8 AS x, i % 2 = 0 AS ok, 's' || i % 60000 AS s, i AS id,"  # noqa: S608  # no text of anybody else's
            " TIMESTAMP '2024-01-01' + to_seconds(i) AS at FROM range(200000) t(i))"
            f" TO {duck.text(tmp_path / 't.parquet')} (FORMAT parquet)"
        )
    info = tables.describe(tmp_path / "t.parquet")
    found = {column.name: (column.n_distinct, column.minimum, column.maximum) for column in info.columns}
    assert found["n"] == (1000, -500, 499)
    assert found["x"] == (90000, 0.0, 11249.875)
    assert found["ok"] == (2, False, True)
    assert found["s"] == (60000, "s0", "s9999")
    assert 180_000 < found["id"][0] <= 200_000
    assert found["at"][1:] == ("2024-01-01T00:00:00", "2024-01-03T07:33:19")
