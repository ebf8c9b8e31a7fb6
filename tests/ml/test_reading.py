"""Files as the world has them: encodings, archives, decimal commas, dates of countries, long ids, bombs."""

import bz2
import gzip
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from backports import zstd

from mlregistry.errors import Invalid, MlregistryError, TooLarge
from mlregistry.ml import duck, reading, table_export, tables
from mlregistry.ml.tables import Limits, Reading, TableInfo


def convert(
    folder: Path, name: str, content: bytes, *, limits: Limits | None = None, how: Reading | None = None
) -> TableInfo:
    (folder / "upload").write_bytes(content)
    return tables.convert(
        folder / "upload", name, folder / "t.parquet", limits=limits or Limits(), reading=how or Reading()
    )


def rows(folder: Path) -> list[dict[str, object]]:
    return tables.preview(folder / "t.parquet")


TEXT = "name,n\nMüller,1\nJosé,2\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1"]
)
def test_the_encoding_is_found(tmp_path: Path, encoding: str) -> None:
    info = convert(tmp_path, "t.csv", TEXT.encode(encoding))
    assert rows(tmp_path) == [{"name": "Müller", "n": 1}, {"name": "José", "n": 2}]
    assert bool(info.notes) == (not encoding.startswith("utf-8"))


def test_a_named_encoding_is_taken(tmp_path: Path) -> None:
    convert(tmp_path, "t.csv", "name,n\nŁódź,1\n".encode("cp1250"), how=Reading(encoding="cp1250"))
    assert rows(tmp_path)[0]["name"] == "Łódź"
    with pytest.raises(Invalid, match="no encoding") as caught:
        convert(tmp_path, "t.csv", TEXT.encode(), how=Reading(encoding="rot13"))
    assert caught.value.field == "encoding"
    with pytest.raises(Invalid, match="Row 3 is not valid UTF-8"):
        convert(tmp_path, "t.csv", b"a,b\n1,x\n2,caf\xe9\n", how=Reading(encoding="utf-8"))


def test_two_encodings_in_one_file_are_refused_with_the_row(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="Row 4 is not in the encoding of row 2"):
        convert(tmp_path, "t.csv", b"a,b\n1,caf\xc3\xa9\n2,x\n3,caf\xe9\n")


@pytest.mark.parametrize(
    ("ending", "pack"),
    [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress), (".zst", zstd.compress)],
)
def test_packed_files_are_unpacked(tmp_path: Path, ending: str, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(TEXT.encode())
    assert convert(tmp_path, f"t.csv{ending}", packed).n_rows == 2
    with pytest.raises(Invalid, match="damaged"):
        convert(tmp_path, f"t.csv{ending}", packed[: len(packed) // 2])
    with pytest.raises(Invalid, match="packed inside another"):
        convert(tmp_path, f"t.csv{ending}{ending}", pack(packed))


def zipped(folder: Path, **members: bytes) -> bytes:
    with zipfile.ZipFile(folder / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return (folder / "x.zip").read_bytes()


def test_a_zip_holds_one_table(tmp_path: Path) -> None:
    assert convert(tmp_path, "t.zip", zipped(tmp_path, t__csv=TEXT.encode())).format == "csv"
    with pytest.raises(Invalid, match="exactly one file; it holds 2"):
        convert(tmp_path, "t.zip", zipped(tmp_path, a__csv=b"a\n1\n", b__csv=b"a\n1\n"))


@pytest.mark.parametrize("name", ["t.csv.gz", "t.zip", "t.csv.zst"])
def test_a_bomb_stops_while_it_is_unpacked(tmp_path: Path, name: str) -> None:
    zeros = b"a\n" + b"0" * 80_000_000
    packed = {
        "t.csv.gz": lambda: gzip.compress(zeros),
        "t.zip": lambda: zipped(tmp_path, t__csv=zeros),
        "t.csv.zst": lambda: zstd.compress(zeros),
    }[name]()
    with pytest.raises(TooLarge, match="250 to 1"):
        convert(tmp_path, name, packed)
    with pytest.raises(TooLarge, match="unpacks to more than"):
        convert(tmp_path, name, packed, limits=Limits(max_bytes=1_000_000))
    assert not (tmp_path / "t.parquet").exists()


def test_decimal_commas_are_numbers(tmp_path: Path) -> None:
    info = convert(tmp_path, "t.csv", b"a;b\n1,5;1.234,56\n-2,25;7\n")
    assert [column.type for column in info.columns] == ["float", "float"]
    assert rows(tmp_path) == [{"a": 1.5, "b": 1234.56}, {"a": -2.25, "b": 7.0}]
    assert "comma" in info.notes[0]


def test_a_comma_that_could_be_either_stays_text_until_it_is_named(tmp_path: Path) -> None:
    text = b'a,b\n"1,234",x\n"5,678",y\n'
    info = convert(tmp_path, "t.csv", text)
    assert info.columns[0].type == "string"
    assert "thousands or decimals" in info.notes[0]
    assert convert(tmp_path, "t.csv", text, how=Reading(decimal=",")).columns[0].maximum == 5.678


@pytest.mark.parametrize(
    ("values", "first"),
    [
        (["31.01.2024", "01.02.2024"], "2024-01-31T00:00:00"),
        (["01/31/2024", "02/01/2024"], "2024-01-31T00:00:00"),
        (["31/01/2024", "01/02/2024"], "2024-01-31T00:00:00"),
        (["31 Jan 2024", "1 Feb 2024"], "2024-01-31T00:00:00"),
    ],
)
def test_dates_of_one_country_are_dates(tmp_path: Path, values: list[str], first: str) -> None:
    info = convert(tmp_path, "t.csv", ("day\n" + "\n".join(values) + "\n").encode())
    assert (info.columns[0].type, rows(tmp_path)[0]["day"]) == ("datetime", first)


def test_dates_in_three_forms_stay_text_and_are_counted(tmp_path: Path) -> None:
    info = convert(
        tmp_path,
        "t.csv",
        b"day\n2024-01-31\n31.01.2024\n31.02.2025\n28.02.2025\n01/31/2024\n2024-02-01\n" * 3,
    )
    assert info.columns[0].type == "string"
    note = convert(tmp_path, "t.csv", b"day\n2024-01-31\n31.01.2024\n01/31/2024\n2024-02-01\n").notes[0]
    assert "several forms" in note
    assert "2 as 2024-01-31" in note


def test_a_date_with_two_readings_stays_text(tmp_path: Path) -> None:
    info = convert(tmp_path, "t.csv", b"day\n01/02/2024\n03/04/2024\n")
    assert info.columns[0].type == "string"
    assert "could be read as" in info.notes[0]


def test_long_ids_lose_no_digit(tmp_path: Path) -> None:
    info = convert(
        tmp_path, "t.csv", b"id,big,x\n9007199254740993,12345678901234567890,1\n,12345678901234567891,2\n"
    )
    assert [column.type for column in info.columns] == ["integer", "string", "integer"]
    frame = tables.load(tmp_path / "t.parquet")
    assert int(frame["id"].iloc[0]) == 9007199254740993
    assert frame["id"].isna().tolist() == [False, True]
    assert rows(tmp_path)[0]["id"] == 9007199254740993


def test_whole_numbers_of_parquet_lose_no_digit(tmp_path: Path) -> None:
    with duck.connect([tmp_path]) as connection:
        connection.execute(
            "COPY (SELECT 18446744073709551615::UBIGINT AS u, 9007199254740993::UBIGINT AS v,"
            f" 9007199254740993::DECIMAL(18,0) AS d) TO {duck.text(tmp_path / 'u.parquet')} (FORMAT parquet)"
        )
    convert(tmp_path, "t.parquet", (tmp_path / "u.parquet").read_bytes())
    assert rows(tmp_path) == [{"u": "18446744073709551615", "v": 9007199254740993, "d": 9007199254740993}]


def test_json_may_be_a_list_or_lie_at_a_path(tmp_path: Path) -> None:
    assert convert(tmp_path, "t.json", b' [{"a": 1, "b": "x"},\n {"a": 2, "b": null}] ').n_rows == 2
    assert rows(tmp_path) == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
    convert(
        tmp_path, "t.json", b'{"data": {"items": [{"a": 1}, {"a": 2}]}}', how=Reading(records="data.items")
    )
    assert rows(tmp_path) == [{"a": 1}, {"a": 2}]
    with pytest.raises(Invalid, match="nothing at 'rows'"):
        convert(tmp_path, "t.json", b'{"data": []}', how=Reading(records="data.rows"))


@pytest.mark.parametrize("content", [b'[{"a": 1}, {"a": {"b": 2}}]', b'{"a": [1]}\n'])
def test_a_column_of_objects_is_named(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Invalid, match="column 'a' holds a list or an object"):
        convert(tmp_path, "t.json", content)


@pytest.mark.parametrize("content", [b'[{"a": 1}, {"a": ', b"[{]", b'[{"a": 1} 5]'])
def test_broken_json_is_refused_with_the_row(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Invalid, match="Row "):
        convert(tmp_path, "t.json", content)


def test_the_sheet_is_chosen(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["a"])
    book.active.append([1])
    other = book.create_sheet("Second")
    other.append(["b"])
    other.append([2])
    book.save(tmp_path / "b.xlsx")
    content = (tmp_path / "b.xlsx").read_bytes()
    assert convert(tmp_path, "b.xlsx", content, how=Reading(sheet="Second")).columns[0].name == "b"
    with pytest.raises(Invalid, match="no sheet 'Third'; it has 'Sheet', 'Second'"):
        convert(tmp_path, "b.xlsx", content, how=Reading(sheet="Third"))


def test_ten_thousand_columns_are_refused(tmp_path: Path) -> None:
    header = ",".join(f"c{i}" for i in range(10_000))
    with pytest.raises(Invalid, match="10,000 columns; at most 2,000"):
        convert(tmp_path, "t.csv", f"{header}\n{','.join('1' * 10_000)}\n".encode())


def test_a_struct_in_parquet_is_named(tmp_path: Path) -> None:
    with duck.connect([tmp_path]) as connection:
        connection.execute(
            f"COPY (SELECT 1 AS a, {{'x': 1}} AS s) TO {duck.text(tmp_path / 's.parquet')} (FORMAT parquet)"
        )
    with pytest.raises(Invalid, match="Column 's' holds STRUCT"):
        convert(tmp_path, "t.parquet", (tmp_path / "s.parquet").read_bytes())


def test_a_lying_footer_does_no_harm(tmp_path: Path) -> None:
    with duck.connect([tmp_path]) as connection:
        connection.execute(
            "COPY (SELECT i AS a, 'text ' || i AS b FROM range(1000) t(i))"  # noqa: S608  # no text of anybody else's
            f" TO {duck.text(tmp_path / 'p.parquet')} (FORMAT parquet)"
        )
    honest = (tmp_path / "p.parquet").read_bytes()
    length = int.from_bytes(honest[-8:-4], "little")
    chance = np.random.default_rng(0)
    refused = 0
    for _ in range(60):
        lying = bytearray(honest)
        for place in chance.integers(len(honest) - 8 - length, len(honest) - 8, 3):
            lying[place] = int(chance.integers(0, 256))
        try:
            info = convert(tmp_path, "t.parquet", bytes(lying))
            assert len(tables.load(tmp_path / "t.parquet")) == info.n_rows
        except MlregistryError:
            refused += 1
    assert refused > 10
    for size in (b"\xff\xff\xff\x7f", b"\x00\x00\x00\x00"):
        with pytest.raises(Invalid, match="cannot be read"):
            convert(tmp_path, "t.parquet", honest[:-8] + size + b"PAR1")


def test_a_type_that_changes_late_is_found(tmp_path: Path) -> None:
    text = "a,b,c,d\n" + "".join(f"{i},{i}.5,2024-01-01,x\n" for i in range(30_000))
    info = convert(tmp_path, "t.csv", text.encode())
    assert ([column.type for column in info.columns], info.notes) == (
        ["integer", "float", "datetime", "string"],
        (),
    )
    info = convert(tmp_path, "t.csv", (text + "00123,NA,soon, y \n").encode())
    assert [column.type for column in info.columns] == ["string", "float", "string", "string"]
    assert tables.load(tmp_path / "t.parquet").iloc[-1]["d"] == "y"
    with pytest.raises(Invalid, match="Row 30002: found 3 values"):
        convert(tmp_path, "t.csv", (text + "1,2,3\n").encode())


def test_formulas_are_neutralised_in_csv(tmp_path: Path) -> None:
    convert(tmp_path, "t.csv", b"=x,n,plain\n=cmd|' /C calc'!A0,-1,a\n@SUM(1),2,-b\n")
    info = tables.describe(tmp_path / "t.parquet")
    table_export.write(tmp_path / "t.parquet", info.columns, tmp_path / "out.csv", format="csv")
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines == ["'=x,n,plain", "'=cmd|' /C calc'!A0,-1,a", "'@SUM(1),2,'-b"]
    with pytest.raises(Invalid):
        table_export.write(tmp_path / "t.parquet", info.columns, tmp_path / "out", format="exe")


@pytest.mark.parametrize(
    "wanted", [{"delimiter": "x"}, {"decimal": ";"}, {"sheet": 5}, {"encoding": "x" * 300}]
)
def test_options_of_reading_are_checked(wanted: dict[str, object]) -> None:
    with pytest.raises(Invalid) as caught:
        reading.parse(wanted)
    assert caught.value.field == next(iter(wanted))
