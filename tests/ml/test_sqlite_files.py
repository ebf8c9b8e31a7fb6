"""SQLite files as uploads: which table, which types, and files made to harm."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mlregistry.errors import Invalid, TooLarge
from mlregistry.ml import sqlite_files, tables
from mlregistry.ml.reading import parse
from mlregistry.ml.tables import Limits, TableInfo

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS n FROM n"


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    def made(*statements: str) -> Path:
        file = tmp_path / "shop.db"
        with sqlite3.connect(file) as database:
            for statement in statements:
                database.execute(statement)
        database.close()
        return file

    return made


@pytest.fixture
def shop(make: Callable[..., Path]) -> Path:
    return make(
        "CREATE TABLE orders (id INTEGER, code TEXT, at TEXT, price REAL, seal BLOB)",
        "INSERT INTO orders VALUES (9007199254740993, '001', '2024-01-31 12:00:00', 1.5, x'00ff')",
        "INSERT INTO orders (id, price) VALUES (2, 2)",
        'CREATE TABLE "odd \'name" (n INTEGER)',
        'INSERT INTO "odd \'name" VALUES (1), (2), (3)',
        "CREATE VIEW dear AS SELECT * FROM orders WHERE price > 1.7",
    )


def convert(source: Path, name: str = "shop.db", limits: Limits | None = None, **how: str) -> TableInfo:
    return tables.convert(
        source, name, source.with_name("t.parquet"), limits=limits or Limits(), reading=parse(how)
    )


def test_a_table_keeps_its_values_and_types(shop: Path) -> None:
    info = convert(shop, sheet="orders")
    assert [column.type for column in info.columns] == ["integer", "string", "datetime", "float", "string"]
    assert tables.preview(shop.with_name("t.parquet"))[0] == {
        "id": 9007199254740993,
        "code": "001",
        "at": "2024-01-31T12:00:00",
        "price": 1.5,
        "seal": "00ff",
    }
    assert info.format == "sqlite"


def test_a_view_a_table_of_any_name_and_a_query_can_be_chosen(shop: Path) -> None:
    assert convert(shop, sheet="dear").n_rows == 1
    assert convert(shop, sheet="odd 'name").n_rows == 3
    info = convert(shop, query='SELECT o.id, n FROM orders o, "odd \'name" WHERE n > 1')
    assert (info.n_rows, [column.name for column in info.columns]) == (4, ["id", "n"])


def test_of_several_tables_one_must_be_named(shop: Path) -> None:
    with pytest.raises(Invalid, match=r"several tables.*'dear', 'odd 'name', 'orders'") as error:
        convert(shop)
    assert error.value.field == "sheet"
    with pytest.raises(Invalid, match="no table 'Orders'; it has 'dear'"):
        convert(shop, sheet="Orders")
    with pytest.raises(Invalid, match="not both"):
        convert(shop, sheet="orders", query="SELECT 1")


def test_a_single_table_needs_no_name(make: Callable[..., Path]) -> None:
    assert convert(make("CREATE TABLE t (a)", "INSERT INTO t VALUES (1)")).n_rows == 1


def test_a_file_that_is_still_logged_to_is_read(make: Callable[..., Path]) -> None:
    file = make("PRAGMA journal_mode = wal", "CREATE TABLE t (a)", "INSERT INTO t VALUES (1)")
    assert convert(file).n_rows == 1


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("DROP TABLE orders", "one SELECT"),
        ("SELECT 1; DROP TABLE orders", "one statement"),
        ("WITH x AS (SELECT 1) DELETE FROM orders", "nothing else be done"),
        ("SELECT * FROM pragma_database_list", "nothing else be done"),
        ("SELECT load_extension('x')", "nothing else be done"),
        ("SELECT colour FROM orders", "no such column"),
        ("SELECT * FROM orders WHERE price > 9", "no rows"),
        ("SELECT 1 AS a, 2 AS a", "same name"),
    ],
)
def test_a_query_only_reads(shop: Path, query: str, words: str) -> None:
    before = shop.read_bytes()
    with pytest.raises(Invalid, match=words):
        convert(shop, query=query)
    assert shop.read_bytes() == before


def test_another_file_cannot_be_attached(shop: Path, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="one SELECT"):
        convert(shop, query=f"ATTACH '{tmp_path / 'other.db'}' AS other")
    assert not (tmp_path / "other.db").exists()


def test_a_view_that_never_ends_is_stopped(make: Callable[..., Path], tmp_path: Path) -> None:
    file = make(f"CREATE VIEW v AS {ENDLESS}")
    started = time.monotonic()
    with pytest.raises(TooLarge, match=r"longer than 0\.3 seconds"):
        sqlite_files.write_text(file, tmp_path / "t.csv", limits=Limits(), seconds=0.3)
    assert time.monotonic() - started < 60


def test_rows_bytes_and_values_have_limits(make: Callable[..., Path]) -> None:
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 10000) SELECT i FROM n"
    file = make(f"CREATE VIEW v AS {many}")
    with pytest.raises(TooLarge, match="more than 100 rows"):
        convert(file, limits=Limits(max_rows=100))
    with pytest.raises(TooLarge, match="more than 20,000 bytes"):
        convert(file, limits=Limits(max_bytes=20_000))
    with pytest.raises(TooLarge, match="value that is too large"):
        convert(file, query="SELECT hex(zeroblob(900000000)) AS a")


def test_virtual_tables_and_what_may_lead_to_them_are_left_alone(make: Callable[..., Path]) -> None:
    file = make(
        "CREATE TABLE t (a)",
        "INSERT INTO t VALUES (1)",
        "CREATE VIRTUAL TABLE words USING fts5(text)",
        "CREATE VIEW trap AS SELECT * FROM words",
    )
    assert convert(file, sheet="t").n_rows == 1
    for name in ("words", "trap"):
        with pytest.raises(Invalid, match=f"no table '{name}'"):
            convert(file, sheet=name)
    with pytest.raises(Invalid, match="virtual tables"):
        convert(file, query="SELECT * FROM trap")


def test_what_is_no_sqlite_file_or_a_broken_one_is_said_so(shop: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"a,b\n1,2\n")
    with pytest.raises(Invalid, match="its content is text"):
        convert(other, "shop.db")
    with pytest.raises(Invalid, match="content is a SQLite database"):
        convert(shop, "shop.csv")
    other.write_bytes(shop.read_bytes()[:3000])
    with pytest.raises(Invalid, match=r"cannot be read|no tables"):
        convert(other, "shop.db", sheet="orders")
    damaged = bytearray(shop.read_bytes())
    damaged[4096:] = b"\xff" * (len(damaged) - 4096)
    other.write_bytes(damaged)
    with pytest.raises(Invalid, match="cannot be read"):
        convert(other, "shop.db", sheet="orders")


def test_a_file_without_tables_or_with_text_that_is_none_is_refused(make: Callable[..., Path]) -> None:
    with pytest.raises(Invalid, match="no tables"):
        convert(make("CREATE TABLE t (a)", "DROP TABLE t"))
    file = make(
        "CREATE TABLE t (a)",
        "INSERT INTO t VALUES ('x' || char(0) || 'y')",
        "CREATE TABLE u (a)",
        "INSERT INTO u VALUES (CAST(x'ff' AS TEXT))",
    )
    with pytest.raises(Invalid, match="Row 1 holds a character"):
        convert(file, sheet="t")
    with pytest.raises(Invalid, match="UTF-8"):
        convert(file, sheet="u")
