"""MySQL as a source, over the protocol of MySQL: a server on the loopback whose tables lie in SQLite."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from mysql_mimic import MysqlServer, Session
from pytest_django import Settings

from experiments.actions import datasets as dataset_actions
from experiments.actions import sources as actions
from experiments.models import Dataset, DataSource
from experiments.queries import datasets as queries
from mlregistry.accounts.actor import Actor
from mlregistry.errors import Invalid, Unavailable

pytestmark = pytest.mark.django_db


class Shop(Session):  # type: ignore[misc]  # the driver has no types
    """Answers from a database of five rows, and keeps what it was asked."""

    asked: list[str] = []

    async def query(self, expression: Any, sql: str, attrs: dict[str, str]) -> Any:
        Shop.asked.append(sql)
        with sqlite3.connect(":memory:") as database:
            database.execute("CREATE TABLE t (id INTEGER, code TEXT, x REAL)")
            database.executemany("INSERT INTO t VALUES (?, ?, ?)", [(i, f"0{i}", i / 2) for i in range(1, 6)])
            found = database.execute(expression.sql(dialect="sqlite"))
            return found.fetchall(), [column[0] for column in found.description]


@pytest.fixture
def port(settings: Settings) -> Iterator[int]:
    settings.ALLOWED_NETWORKS = ["127.0.0.0/8"]
    loop = asyncio.new_event_loop()
    server = MysqlServer(session_factory=Shop)
    loop.run_until_complete(server.start_server(host="127.0.0.1", port=0))
    number = server.sockets()[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield number
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)


@pytest.fixture
def dataset(editor: Actor) -> Dataset:
    return dataset_actions.create_dataset("Orders", by=editor)


def make(dataset: Dataset, port: int, by: Actor, query: str, **config: str) -> DataSource:
    place = {"engine": "mysql", "host": "127.0.0.1", "port": str(port), "database": "shop", "user": "bob"}
    settings = {**place, "query": query}
    return actions.create_source(dataset, "sql", config={**settings, **config}, by=by)


def refresh(source: DataSource, by: Actor) -> Any:
    source.refresh_from_db()
    return actions.refresh(source, lambda fraction, message: None, by=by)


def test_rows_are_read_and_only_later_ones_again(dataset: Dataset, port: int, editor: Actor) -> None:
    source = make(dataset, port, editor, "SELECT * FROM t WHERE code LIKE '0%'", cursor_column="id")
    version = refresh(source, editor)
    assert [column["type"] for column in version.columns] == ["integer", "string", "float"]
    assert queries.preview(version, limit=1) == [{"id": 1, "code": "01", "x": 0.5}]
    assert refresh(source, editor) is None
    assert "`id` > 5" in Shop.asked[-1]


@pytest.mark.parametrize(
    "query", ["SELECT * FROM t INTO  OUTFILE '/x'", "SELECT /*!1 */ 1", "SELECT load_file('/x')"]
)
def test_files_of_the_database_are_left_alone(dataset: Dataset, port: int, editor: Actor, query: str) -> None:
    with pytest.raises(Invalid, match="may not write or read files"):
        refresh(make(dataset, port, editor, query), editor)


def test_a_database_that_is_not_there_is_said_so(dataset: Dataset, port: int, editor: Actor) -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        refresh(make(dataset, 1, editor, "SELECT 1 AS a"), editor)


def test_an_inner_address_is_refused(dataset: Dataset, port: int, editor: Actor, settings: Settings) -> None:
    settings.ALLOWED_NETWORKS = []
    with pytest.raises(Invalid, match="not a public address"):
        refresh(make(dataset, port, editor, "SELECT 1 AS a"), editor)
