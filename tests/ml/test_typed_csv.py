"""Rows of a database, whose types are known: read as they are, or found out when they are of another type."""

from pathlib import Path

from mlregistry.ml import tables
from mlregistry.ml.reading import Reading

TYPES = {"id": "integer", "code": "string", "x": "float", "ok": "boolean", "at": "datetime"}
HEADER = "id,code,x,ok,at\n"


def convert(folder: Path, rows: str) -> tables.TableInfo:
    (folder / "rows.csv").write_text(HEADER + rows)
    return tables.convert(
        folder / "rows.csv", "rows.csv", folder / "t.parquet", reading=Reading(delimiter=",", types=TYPES)
    )


def test_values_are_what_the_database_holds(tmp_path: Path) -> None:
    info = convert(
        tmp_path,
        '9007199254740993,NA,NaN,true,2024-01-31\n,"a ""b"",\nc",-Infinity,false,2024-01-31 12:00:00.5+00\n3,007,,,\n',
    )
    assert [column.type for column in info.columns] == list(TYPES.values())
    assert info.notes == ()
    assert [list(row.values()) for row in tables.preview(tmp_path / "t.parquet")] == [
        [9007199254740993, "NA", None, True, "2024-01-31T00:00:00"],
        [None, 'a "b",\nc', "-inf", False, "2024-01-31T12:00:00.500000"],
        [3, "007", None, None, None],
    ]


def test_a_time_that_is_none_leaves_the_column_to_be_found_out(tmp_path: Path) -> None:
    info = convert(tmp_path, "1,a,1.5,true,infinity\n2,b,2,false,2024-01-31 00:00:00\n")
    assert [column.type for column in info.columns] == ["integer", "string", "float", "boolean", "string"]
