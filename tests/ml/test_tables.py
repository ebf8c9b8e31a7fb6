"""Uploaded tables: what is read, and the clear error for each kind of broken file."""

import datetime
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from mlregistry.errors import Invalid, MlregistryError, NotFound, TooLarge
from mlregistry.ml import duck, tables
from mlregistry.ml.tables import Limits, TableInfo


def convert(folder: Path, name: str, content: bytes, limits: Limits | None = None) -> TableInfo:
    source = folder / "upload"
    source.write_bytes(content)
    return tables.convert(source, name, folder / "table.parquet", limits=limits or Limits())


def workbook(folder: Path, rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    book.save(folder / "book.xlsx")
    return (folder / "book.xlsx").read_bytes()


def test_a_csv_gives_typed_columns_with_figures(tmp_path: Path) -> None:
    text = (
        "id,n,x,ok,day,zip\na1,1,0.5,true,2024-01-31,00123\nb2,2,,false,2024-02-01,00456\nc3,2,2.5,,,00123\n"
    )
    info = convert(tmp_path, "t.csv", text.encode())
    assert [column.type for column in info.columns] == [
        "string",
        "integer",
        "float",
        "boolean",
        "datetime",
        "string",
    ]
    x = info.column("x")
    assert x is not None
    assert (x.n_missing, x.n_distinct, x.minimum, x.maximum) == (1, 2, 0.5, 2.5)
    assert TableInfo.from_json(info.to_json()) == info


def test_blanks_in_a_number_column_count_as_missing_and_are_noted(tmp_path: Path) -> None:
    info = convert(tmp_path, "t.csv", b"total,b\n1.5,x\n ,y\n3,z\n")
    column = info.column("total")
    assert column is not None
    assert (column.type, column.n_missing) == ("float", 1)
    assert "'total'" in info.notes[0]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    info = convert(tmp_path, "t.csv", f'a{delimiter}b\n1{delimiter}"x, y"\n2{delimiter}z\n'.encode())
    assert [column.name for column in info.columns] == ["a", "b"]


def test_line_breaks_and_quotes_inside_quotes_are_kept(tmp_path: Path) -> None:
    convert(tmp_path, "t.csv", b'a,b\n1,"one\ntwo"\n2,"say ""hi"""\n')
    assert [row["b"] for row in tables.preview(tmp_path / "table.parquet")] == ["one\ntwo", 'say "hi"']


def test_yes_and_no_stay_text(tmp_path: Path) -> None:
    convert(tmp_path, "t.csv", b"a,b\n1,Yes\n2,No\n")
    assert [row["b"] for row in tables.preview(tmp_path / "table.parquet")] == ["Yes", "No"]


def test_tsv_jsonl_excel_and_parquet_give_the_same_table(tmp_path: Path) -> None:
    rows: list[list[object]] = [["a", "b", "c"], [1, "x", 0.5], [2, "y", None]]
    contents = {
        "t.csv": b"a,b,c\n1,x,0.5\n2,y,\n",
        "t.tsv": b"a\tb\tc\n1\tx\t0.5\n2\ty\t\n",
        "t.jsonl": b'{"a": 1, "b": "x", "c": 0.5}\n\n{"a": 2, "b": "y", "c": null}\n',
        "t.xlsx": workbook(tmp_path, rows),
    }
    infos = {name: convert(tmp_path, name, content) for name, content in contents.items()}
    infos["t.parquet"] = convert(tmp_path, "t.parquet", (tmp_path / "table.parquet").read_bytes())
    assert len({info.columns for info in infos.values()}) == 1
    assert [info.format for info in infos.values()] == ["csv", "tsv", "jsonl", "xlsx", "parquet"]


def test_excel_times_and_booleans_keep_their_types(tmp_path: Path) -> None:
    rows: list[list[object]] = [["when", "ok"], [datetime.datetime(2024, 1, 31, 12), True], [None, False]]
    info = convert(tmp_path, "t.xlsx", workbook(tmp_path, rows))
    assert [column.type for column in info.columns] == ["datetime", "boolean"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.csv", b"", "is empty"),
        ("t.csv", b"a,b\n", "no rows"),
        ("t.csv", b"a,b,c\n1,2,3\n4,5\n", "Row 3: found 2 values"),
        ("t.csv", b"a,b,c\n1,2,3\n4,5,6,7\n", "Row 3: found 4 values"),
        ("t.csv", b"a,b,a\n1,2,3\n", "Columns 1 and 3 have the same name: 'a'"),
        ("t.csv", b"a,A\n1,2\n", "differ only by case"),
        ("t.csv", b"a,,c\n1,2,3\n", "Column 2 has no name"),
        ("t.csv", b"a,b\n1,x\n2,\xff\xfe\n", "Row 3 is not valid UTF-8"),
        ("t.csv", b"a,b\n1,caf\xc3\xa9\n2,caf\xe9\n", "Row 3 is not in the encoding of row 2"),
        ("t.csv", b"a,b\n1,caf\xc3", "Row 2 is not valid UTF-8"),
        ("t.csv", b'a,b\n1,"x\n2,y\n', "quotation mark"),
        ("t.csv", b"PK\x03\x04rest", "its content is a zip archive"),
        ("t.csv", b"%PDF-1.7", "its content is a PDF"),
        ("t.csv", b"<!DOCTYPE html><p>", "a web page"),
        ("t.csv", b"\xff\xfea\x00", "no rows"),
        ("t.csv", b'{"a": 1}\n', "looks like JSON"),
        ("t.parquet", b"a,b\n1,2\n", "its content is text"),
        ("t.parquet", b"PAR1 cut off", "cut off"),
        ("t.parquet", b"PAR1 nonsense PAR1", "cannot be read"),
        ("t.xlsx", b"a,b\n1,2\n", "its content is text"),
        ("t.xlsx", b"PK\x03\x04rest", "damaged"),
        ("t.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "cannot be read"),
        ("t.pdf", b"%PDF", "known endings"),
        ("t.jsonl", b'{"a": 1}\n{"a": NaN}\n', "Row 2 is no JSON object: NaN"),
        ("t.jsonl", b'{"a": 1}\n[1]\n', "Row 2 is no JSON object"),
        ("t.jsonl", b'{"a": 1, "a": 2}\n', "stands twice"),
        ("t.jsonl", b'{"a": {"b": 1}}\n', "Row 1, column 'a'"),
        ("t.jsonl", b"[" * 100_000 + b"\n", "Row 1"),
    ],
)
def test_a_broken_file_is_refused_and_leaves_nothing(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    with pytest.raises(Invalid) as caught:
        convert(tmp_path, name, content)
    assert words in caught.value.message
    assert [path.name for path in tmp_path.iterdir()] == ["upload"]


@pytest.mark.parametrize(
    ("content", "limits"),
    [
        (b"a,b\n1,2\n3,4\n", Limits(max_bytes=5)),
        (b"a,b\n1,2\n3,4\n", Limits(max_rows=1)),
        (b"a,b\n1,2\n3,4\n", Limits(max_columns=1)),
    ],
)
def test_a_table_over_a_limit_is_refused(tmp_path: Path, content: bytes, limits: Limits) -> None:
    with pytest.raises(MlregistryError, match="at most"):
        convert(tmp_path, "t.csv", content, limits)


def test_an_excel_bomb_is_refused_by_its_declared_size(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 5_000_000)
    with pytest.raises(TooLarge, match="packed more than"):
        convert(tmp_path, "t.xlsx", (tmp_path / "bomb.xlsx").read_bytes())


def test_an_excel_bomb_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 5_000_000)
    honest = (tmp_path / "bomb.xlsx").read_bytes()
    lying = honest.replace((5_000_000).to_bytes(4, "little"), (50).to_bytes(4, "little"))
    assert lying != honest
    with pytest.raises(TooLarge, match="unpacks to"):
        convert(tmp_path, "t.xlsx", lying, Limits(max_excel_bytes=1_000_000))


def test_two_far_cells_are_refused_before_a_sheet_of_billions_is_made(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active["A1"] = "a"
    book.active["XFD1048576"] = 1
    book.save(tmp_path / "far.xlsx")
    with pytest.raises(TooLarge, match="row 1,048,576 and column 16,384"):
        convert(tmp_path, "t.xlsx", (tmp_path / "far.xlsx").read_bytes())


def test_a_zip_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(Invalid, match="no Excel workbook"):
        convert(tmp_path, "t.xlsx", (tmp_path / "x.zip").read_bytes())


def test_a_nested_parquet_column_is_named(tmp_path: Path) -> None:
    with duck.connect([tmp_path]) as connection:
        connection.execute(
            f"COPY (SELECT 1 AS a, [1, 2] AS b) TO {duck.text(tmp_path / 'n.parquet')} (FORMAT parquet)"
        )
    with pytest.raises(Invalid, match="'b'"):
        convert(tmp_path, "t.parquet", (tmp_path / "n.parquet").read_bytes())


def test_infinite_values_are_counted_apart(tmp_path: Path) -> None:
    column = convert(tmp_path, "t.csv", b"a,b\n1.5,x\ninf,y\n-inf,z\n").column("a")
    assert column is not None
    assert (column.type, column.n_infinite, column.minimum, column.maximum) == ("float", 2, 1.5, 1.5)


def test_load_and_preview_give_the_rows_in_order(tmp_path: Path) -> None:
    text = "a,b\n" + "".join(f"{i},{i / 2}\n" for i in range(5000))
    convert(tmp_path, "t.csv", text.encode())
    frame = tables.load(tmp_path / "table.parquet")
    assert frame["a"].tolist() == list(range(5000))
    assert tables.load(tmp_path / "table.parquet", ["b"]).columns.tolist() == ["b"]
    assert tables.preview(tmp_path / "table.parquet", offset=10, limit=1) == [{"a": 10, "b": 5.0}]


def test_an_unknown_column_or_file_is_named(tmp_path: Path) -> None:
    convert(tmp_path, "t.csv", b"a,b\n1,2\n")
    with pytest.raises(Invalid, match="'nope'"):
        tables.load(tmp_path / "table.parquet", ["nope"])
    with pytest.raises(NotFound):
        tables.preview(tmp_path / "gone.parquet")


def test_the_figures_agree_with_pandas(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=1000).round(2)
    frame = pd.DataFrame({"v": values})
    column = convert(tmp_path, "t.csv", frame.to_csv(index=False).encode()).columns[0]
    assert (column.n_distinct, column.minimum, column.maximum) == (
        frame.v.nunique(),
        frame.v.min(),
        frame.v.max(),
    )
