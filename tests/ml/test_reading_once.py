"""Files read once, with types chosen on the first rows, give what a reading as text gives, value for value."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mlregistry.errors import MlregistryError
from mlregistry.ml import csv_text, duck
from mlregistry.ml.reading import Reading
from mlregistry.ml.table_info import Limits

N_ROWS = 60
USUAL = {"whole": "1", "decimal": "0.25", "flag": "true", "time": "2024-01-01 10:00:00", "text": "t-1"}
MADE: dict[str, Callable[[int], str]] = {
    "whole": str,
    "decimal": lambda i: f"{i / 7:.6f}",
    "flag": lambda i: "true" if i % 3 else "false",
    "time": lambda i: f"2024-01-01 10:00:{i:02}",
    "text": lambda i: f"t-{i % 9}",
}
NUMBERS = [
    "5", "+5", "-5", " 5", "5 ", "\t5", "\v5", "1.0", "1.5", "5.", ".5", "1e2", "1E2", "1e-2", "1_000", "1.5_5",
    "1e1_0", "007", "-007", "+007", " 007", "00", "-0", "+0", "0.5", "0x1F", "0b11", "1e400", "inf", "-inf",
    "Infinity", "nan", "NaN", "-nan", " nan", "nan(1)", "9223372036854775807", "9223372036854775808",
    "-9223372036854775808", "999999999999999999", "1000000000000000000", "1234567890123456789012", "+-5", "--5",
    "-", ".", "?", "None", "missing", "NA", " ", "\u00a05", "5%", '"5"', '" 5"', '"007"', '""', '"1,5"', "x",
]  # fmt: skip
OTHERS = {
    "flag": ["true", "t", "True", "TRUE", "yes", "1", "NA"],
    "time": ["2024-01-31", "2024-1-31", "2024/01/31", "2024-01-31T10:00:00Z", "2024-01-31 10:00", "2024-02-31",
             "31.01.2024", "epoch", "infinity", " 2024-01-31", "NA"],
    "text": [" x", "x ", "NA", '""', "007", "1_0"],
}  # fmt: skip
CASES = [(column, value) for value in NUMBERS for column in ("whole", "decimal")]
CASES += [(column, value) for column, values in OTHERS.items() for value in values]


@pytest.fixture(autouse=True)
def few_first_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_text, "FIRST_ROWS", N_ROWS - 10)
    monkeypatch.setattr(csv_text, "READ_ONCE_BYTES", 100)


def table(**odd: str) -> str:
    """Rows of these columns and one of text; the last but one holds these values."""
    columns = [*odd, *({"text"} - set(odd))]
    rows = [[MADE[column](i) for column in columns] for i in range(N_ROWS)]
    rows += [[odd.get(column, USUAL[column]) for column in columns], [USUAL[column] for column in columns]]
    return "".join(",".join(row) + "\n" for row in [columns, *rows])


def read(folder: Path, text: str) -> str:
    """Types, notes and last rows, or the refusal; repr tells -0.0 from 0.0 and an empty text from none."""
    (folder / "t.csv").write_bytes(text.encode())
    part = folder / "t.parquet"
    with duck.connect([folder], many_columns=True) as connection:
        try:
            notes = csv_text.write_table(connection, folder / "t.csv", part, Reading(delimiter=","), Limits())
        except MlregistryError as error:
            return error.message
        rows = connection.execute(f"SELECT * FROM {duck.scan(part)} OFFSET {N_ROWS - 1}")  # noqa: S608  # no text of anybody else's
        return repr(([column[:2] for column in rows.description or ()], notes, rows.fetchall()))


@pytest.mark.parametrize(("column", "value"), CASES)
def test_an_odd_value_far_behind_gives_what_reading_as_text_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, column: str, value: str
) -> None:
    text = table(**{column: value})
    quick = read(tmp_path, text)
    monkeypatch.setattr(csv_text, "COLUMNS_READ_ONCE", 0)
    assert quick == read(tmp_path, text)


def raw_files(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files of text that are written on the way, as they are."""
    written: list[str] = []
    write = csv_text._write_raw

    def noted(*args: object, **options: object) -> None:
        written.append(Path(str(args[2])).name)
        write(*args, **options)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(csv_text, "_write_raw", noted)
    return written


@pytest.mark.parametrize(
    "odd", [{"text": "t_1"}, {"text": "007"}, {"text": "1_0"}, {"whole": "", "flag": ""}]
)
def test_codes_in_columns_of_text_do_not_cost_a_second_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: dict[str, str]
) -> None:
    written = raw_files(monkeypatch)
    read(tmp_path, table(**odd))
    assert written == ["head.parquet"]


def test_a_value_of_another_type_is_read_as_text_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = raw_files(monkeypatch)
    read(tmp_path, table(decimal="007"))
    assert written == ["head.parquet", "raw.parquet"]


def test_rows_read_by_several_threads_keep_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a code in the text, so that every value is checked on the way."""
    written, n_rows = raw_files(monkeypatch), 60_000
    rows = (
        f"{i},{i / 7:.4f},{'007' if i % 9 else f'k{i}'},{'true' if i % 2 else 'false'}" for i in range(n_rows)
    )
    (tmp_path / "t.csv").write_text("id,x,key,ok\n" + "\n".join(rows) + "\n")
    limits = Limits(max_line_bytes=50_000)
    with duck.connect([tmp_path], limits, many_columns=True) as connection:
        csv_text.write_table(connection, tmp_path / "t.csv", tmp_path / "t.parquet", Reading(), limits)
        ids = connection.execute(f"SELECT id FROM {duck.scan(tmp_path / 't.parquet')}").fetchall()  # noqa: S608  # no text of anybody else's
    assert [row[0] for row in ids] == list(range(n_rows))
    assert written == ["head.parquet"]
