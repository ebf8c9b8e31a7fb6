"""Real servers for tests: the session's PostgreSQL, a Redis, the environment for processes that tests start.

`tests/conftest.py` loads this first, before Django reads its settings.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg2
import pytest
import redis
from django.conf import settings
from django.db import connection

from mlregistry import env
from mlregistry.supervisor import schema
from mlregistry.supervisor.leash import leashed
from mlregistry.supervisor.postgres import FAST_AND_UNSAFE, SUPERUSER, Postgres

XDIST_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
BASE = "MLREGISTRY_TEST_BASE"
TEMPLATE = "mlregistry_tables"


def prepare_environment() -> None:
    """A fresh home per process, one PostgreSQL per session; what the shell had set does not reach tests."""
    if not XDIST_WORKER:
        os.environ[BASE] = tempfile.mkdtemp(prefix="mlregistry-tests-")
        own = env.text("TEST_DATABASE_URL")
        os.environ["DATABASE_URL"] = own or session_postgres().url()
        for name in [name for name in os.environ if name.startswith("MLREGISTRY_") and name != BASE]:
            del os.environ[name]
    os.environ["MLREGISTRY_HOME"] = str(Path(os.environ[BASE]) / (XDIST_WORKER or "home"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "mlregistry.settings"
    if XDIST_WORKER:  # tests run beside each other already
        os.environ.setdefault("OMP_NUM_THREADS", "1")


def session_postgres() -> Postgres:
    base = Path(os.environ[BASE])
    return Postgres(base / "postgres", base / "socket", options=FAST_AND_UNSAFE)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pytest_sessionstart(session: pytest.Session) -> None:
    if XDIST_WORKER:
        return
    if not env.text("TEST_DATABASE_URL"):
        server = session_postgres()
        server.start()
        session.config.add_cleanup(server.stop)
        _make_template(server)
    if session.config.getoption("dist", "no") != "no":
        # A worker must read its own home before Django's settings do: it sets this itself.
        os.environ.pop("DJANGO_SETTINGS_MODULE", None)


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """The databases go with the server of the session; on another one each is dropped, which waits for its lines."""
    return not env.text("TEST_DATABASE_URL")


def use_template() -> None:
    """Test databases are copies of one that has all tables: a moment each instead of all migrations."""
    if not env.text("TEST_DATABASE_URL"):
        settings.DATABASES["default"]["TEST"] = {"TEMPLATE": TEMPLATE}


def _make_template(server: Postgres) -> None:
    """By the frozen tables, which a test holds to the migrations; newer ones are migrated in each copy."""
    with (
        closing(psycopg2.connect(server.url("postgres", SUPERUSER))) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(
            f"GRANT SET ON PARAMETER session_replication_role TO {env.EMBEDDED_USER}"
        )  # for `emptying`
        connection.commit()
    with closing(psycopg2.connect(server.url())) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {TEMPLATE}")
    with closing(psycopg2.connect(server.url(TEMPLATE))) as connection, connection.cursor() as cursor:
        cursor.execute(schema.FILE.read_text(encoding="utf-8"))
        connection.commit()


def pytest_unconfigure() -> None:
    if not XDIST_WORKER:
        shutil.rmtree(os.environ[BASE], ignore_errors=True)


@pytest.fixture
def server_environment(transactional_db: None) -> dict[str, str]:
    """The environment for a process that shall work on this test's own database, with its own home."""
    database = connection.settings_dict
    host = {"host": database["HOST"], **({"port": database["PORT"]} if database["PORT"] else {})}
    user = quote(database["USER"], safe="") + (
        f":{quote(database['PASSWORD'], safe='')}" if database["PASSWORD"] else ""
    )
    url = f"postgresql://{user}@/{quote(database['NAME'])}?{urlencode(host)}"
    return {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "mlregistry.settings"}


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real Redis on a free loopback port, that keeps nothing on disk."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("redis-server is not installed")
    port = free_port()
    command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(
        [*command, "--dir", str(tmp_path_factory.mktemp("redis"))],
        stdout=subprocess.DEVNULL,
        preexec_fn=leashed(signal.SIGKILL),
    )
    try:
        _wait_for_redis(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(10)


def _wait_for_redis(port: int) -> None:
    client = redis.Redis(port=port)
    deadline = time.monotonic() + 10
    while True:
        try:
            client.ping()
            return
        except redis.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
