"""SQL sources: one SELECT, read only, under limits; a database that hangs, floods or breaks off changes nothing."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from experiments.actions import datasets as dataset_actions
from experiments.actions import sources as actions
from experiments.models import Dataset, DataSource
from experiments.queries import datasets as queries
from experiments.sources import protocol, sql_postgres
from mlregistry.accounts.actor import Actor
from mlregistry.errors import Invalid, MlregistryError, NotFound, TooLarge, Unavailable
from tests.database_line import Line, database_line

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def line(settings: Settings) -> Iterator[Line]:
    settings.ALLOWED_NETWORKS = ["127.0.0.0/8"]
    with database_line() as found:
        yield found


@pytest.fixture
def dataset(editor: Actor) -> Dataset:
    return dataset_actions.create_dataset("Orders", by=editor)


@pytest.fixture
def orders() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE orders_of_tests (id bigint, code text, paid boolean, at timestamptz, cents numeric)"
        )
        cursor.execute(
            "INSERT INTO orders_of_tests SELECT 9007199254740992 + i, '00' || i, i % 2 = 0,"
            " '2024-01-01 00:00+00'::timestamptz + i * interval '1 day', i + 0.25 FROM generate_series(1, 10) AS i"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE orders_of_tests")


def make(dataset: Dataset, line: Line, by: Actor, query: str, **config: str) -> DataSource:
    database = connection.settings_dict
    settings = {
        "host": "127.0.0.1",
        "port": str(line.port),
        "database": database["NAME"],
        "user": database["USER"],
        "query": query,
        **config,
    }
    return actions.create_source(dataset, "sql", config=settings, by=by)


def refresh(source: DataSource, by: Actor) -> Any:
    source.refresh_from_db()
    return actions.refresh(source, lambda fraction, message: None, by=by)


def test_a_query_becomes_a_version_with_the_types_of_the_database(
    orders: None, dataset: Dataset, line: Line, editor: Actor
) -> None:
    version = refresh(
        make(dataset, line, editor, "SELECT * FROM orders_of_tests ORDER BY id -- all % {}"), editor
    )
    assert [column["type"] for column in version.columns] == [
        "integer",
        "string",
        "boolean",
        "datetime",
        "float",
    ]
    assert queries.preview(version, limit=1) == [
        {"id": 9007199254740993, "code": "001", "paid": False, "at": "2024-01-02T00:00:00", "cents": 1.25}
    ]


def test_only_rows_after_the_last_are_read_again(
    orders: None, dataset: Dataset, line: Line, editor: Actor
) -> None:
    source = make(dataset, line, editor, "SELECT id, code FROM orders_of_tests", cursor_column="id")
    assert refresh(source, editor).n_rows == 10
    assert refresh(source, editor) is None
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO orders_of_tests (id, code) VALUES (9007199254741999, '11')")
    version = refresh(source, editor)
    assert (version.n_rows, version.parts.count(), version.diff["rows_added"]) == (11, 2, 1)
    assert queries.preview(version, offset=10)[0] == {"id": 9007199254741999, "code": "11"}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT 1 AS a) TO PROGRAM 'true' --", "refuses the query"),
        ("SELECT 1 AS a; DROP TABLE orders_of_tests", "refuses the query"),
        (
            "WITH gone AS (DELETE FROM orders_of_tests RETURNING id) SELECT * FROM gone",
            "refuses|change the database",
        ),
        ("SELECT nextval('django_migrations_id_seq') AS a", "change the database"),
        ("SELECT 1 AS a, 2 AS a", "two columns of one name"),
        ("SELECT nothing FROM orders_of_tests", "nothing"),
        ("SELECT 1 AS a WHERE false", "no rows"),
    ],
)
def test_more_or_else_than_a_select_is_refused(
    orders: None, dataset: Dataset, line: Line, editor: Actor, query: str, words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        refresh(make(dataset, line, editor, query), editor)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM orders_of_tests")
        assert cursor.fetchone() == (10,)


def test_a_query_that_hangs_is_stopped(dataset: Dataset, line: Line, editor: Actor) -> None:
    start = time.monotonic()
    with pytest.raises(Unavailable, match="longer than 1 seconds"):
        refresh(make(dataset, line, editor, "SELECT pg_sleep(600)::text AS a", max_seconds="1"), editor)
    assert time.monotonic() - start < 120


def test_a_database_that_falls_silent_is_left(
    dataset: Dataset, line: Line, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_postgres, "GRACE_SECONDS", 0.5)
    line.cut_after, line.silent = 200_000, True
    with pytest.raises(Unavailable, match="longer than 1 seconds"):
        refresh(
            make(dataset, line, editor, "SELECT i FROM generate_series(1, 1000000) AS i", max_seconds="1"),
            editor,
        )


def test_a_connection_that_breaks_off_leaves_the_last_version(
    dataset: Dataset, line: Line, editor: Actor
) -> None:
    source = make(dataset, line, editor, "SELECT i, md5(i::text) AS h FROM generate_series(1, 50000) AS i")
    assert refresh(source, editor).number == 1
    line.cut_after = 500_000
    with pytest.raises(Unavailable, match="broke off"):
        refresh(source, editor)
    source.refresh_from_db()
    dataset.refresh_from_db()
    assert (source.state, dataset.last_number) == ("failed", 1)


# Row by row: in FROM, PostgreSQL would make all of them before it sent the first.
BILLION = "SELECT generate_series(1, 1000000000) AS i"


def test_a_billion_rows_stop_at_the_limit(
    dataset: Dataset, line: Line, editor: Actor, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    source = make(dataset, line, editor, BILLION)
    settings.UPLOAD_LIMIT_BYTES = 1_000_000
    with pytest.raises(TooLarge, match="1,000,000 bytes, the most allowed"):
        refresh(source, editor)


def test_a_preview_reads_a_few_rows_of_a_billion(dataset: Dataset, line: Line, editor: Actor) -> None:
    source = make(dataset, line, editor, BILLION)
    info, rows = actions.preview_source("sql", source.config, {}, by=editor)
    assert (info.n_rows, rows[0]) == (50, {"i": 1})


def test_an_inner_address_is_refused(dataset: Dataset, line: Line, editor: Actor, settings: Settings) -> None:
    source = make(dataset, line, editor, "SELECT 1 AS a")
    settings.ALLOWED_NETWORKS = []
    with pytest.raises(Invalid, match="not a public address"):
        refresh(source, editor)
    for host in ("/tmp", "@socket", "a b", "127.0.0.1,10.0.0.1"):
        with pytest.raises(MlregistryError):
            refresh(actions.update_source(source, config={**source.config, "host": host}, by=editor), editor)


def test_a_database_that_is_not_there_is_said_so(dataset: Dataset, line: Line, editor: Actor) -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        refresh(make(dataset, line, editor, "SELECT 1 AS a", port="1"), editor)


# ---------------------------------------------------------------- SQLite


@pytest.fixture
def shop(tmp_path: Path, settings: Settings) -> Path:
    settings.SQLITE_FOLDER = str(tmp_path)
    with sqlite3.connect(tmp_path / "shop.db") as database:
        database.execute("CREATE TABLE t (id INTEGER, code TEXT, x REAL)")
        database.executemany("INSERT INTO t VALUES (?, ?, ?)", [(i, f"0{i}", i / 2) for i in range(1, 6)])
    database.close()
    return tmp_path / "shop.db"


def sqlite(dataset: Dataset, by: Actor, query: str, database: str = "shop.db", **config: str) -> DataSource:
    settings = {"engine": "sqlite", "database": database, "query": query, **config}
    return actions.create_source(dataset, "sql", config=settings, by=by)


def test_a_sqlite_file_of_the_operator_is_read(shop: Path, dataset: Dataset, editor: Actor) -> None:
    source = sqlite(dataset, editor, "SELECT * FROM t", cursor_column="id")
    version = refresh(source, editor)
    assert [column["type"] for column in version.columns] == ["integer", "string", "float"]
    with sqlite3.connect(shop) as database:
        database.execute("INSERT INTO t VALUES (9, '09', NULL)")
    database.close()
    assert queries.preview(refresh(source, editor), offset=5) == [{"id": 9, "code": "09", "x": None}]


@pytest.mark.parametrize(
    "query",
    [
        "WITH a AS (SELECT 1) INSERT INTO t SELECT 1, 2, 3",
        "SELECT 1; DELETE FROM t",
        "SELECT load_extension('x')",
        "SELECT * FROM pragma_database_list",
        "VALUES (writefile('x', 'y'))",
    ],
)
def test_a_sqlite_query_only_reads(shop: Path, dataset: Dataset, editor: Actor, query: str) -> None:
    with pytest.raises(Invalid, match="refuses the query"):
        refresh(sqlite(dataset, editor, query), editor)


def test_a_sqlite_query_that_never_ends_is_stopped(shop: Path, dataset: Dataset, editor: Actor) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS m FROM n"
    with pytest.raises(Unavailable, match="too long"):
        refresh(sqlite(dataset, editor, endless, max_seconds="1"), editor)


@pytest.mark.parametrize("name", ["../shop.db", "/etc/passwd", "nothing.db", "."])
def test_only_files_of_the_folder_can_be_named(
    shop: Path, dataset: Dataset, editor: Actor, name: str
) -> None:
    with pytest.raises(NotFound):
        refresh(sqlite(dataset, editor, "SELECT 1", name), editor)


def test_without_a_folder_there_is_no_sqlite(dataset: Dataset, editor: Actor) -> None:
    with pytest.raises(Invalid, match="MLREGISTRY_SQLITE_FOLDER"):
        refresh(sqlite(dataset, editor, "SELECT 1"), editor)


def test_a_refresh_ends_when_its_time_is_up(tmp_path: Path) -> None:
    ask = protocol.Ask({}, {}, tmp_path, protocol.Limits(max_bytes=1, seconds=0.0))
    with pytest.raises(Unavailable, match="longer than 0 seconds"):
        ask.seconds_left()
