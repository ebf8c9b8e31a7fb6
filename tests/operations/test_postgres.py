"""The embedded PostgreSQL as the supervisor uses it: made once, safe, and gone when its parent is gone."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import psycopg2
import pytest

from mlregistry.supervisor.postgres import FAST_AND_UNSAFE, Postgres, PostgresFailed

HOLD = """
import sys, time
from pathlib import Path
from mlregistry.supervisor.postgres import FAST_AND_UNSAFE, Postgres
server = Postgres(Path(sys.argv[1]) / "postgres", Path(sys.argv[1]) / "s", options=FAST_AND_UNSAFE)
server.start()
print(server.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Postgres]:
    server = Postgres(tmp_path / "postgres", tmp_path / "s", options=FAST_AND_UNSAFE)
    server.start()
    yield server
    server.stop()


def test_the_application_is_no_superuser_and_the_data_is_closed_to_others(server: Postgres) -> None:
    with closing(psycopg2.connect(server.url())) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False,)
    for folder in (server.data, server.sockets):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_was_committed_is_there_after_a_stop_and_a_start(server: Postgres) -> None:
    with closing(psycopg2.connect(server.url())) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        connection.commit()
    pid = server.pid
    server.stop()
    assert pid is not None
    assert not psutil.pid_exists(pid)
    server.start()
    with closing(psycopg2.connect(server.url())) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT answer FROM kept")
        assert cursor.fetchone() == (42,)


def test_it_stops_while_a_client_holds_a_transaction_open(server: Postgres) -> None:
    with closing(psycopg2.connect(server.url())) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        server.stop()
    assert "aborting any active transactions" in server.log.read_text()


def test_it_does_not_outlive_a_parent_that_was_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        pid = int(parent.stdout.readline())
    tree = [psutil.Process(pid), *psutil.Process(pid).children()]
    parent.kill()
    parent.wait()
    _, alive = psutil.wait_procs(tree, timeout=60)
    assert not alive


def test_it_replaces_a_left_over_that_still_runs(server: Postgres) -> None:
    pid = server.pid
    assert pid is not None
    second = Postgres(server.data, server.sockets, options=FAST_AND_UNSAFE)
    second.start()
    try:
        assert second.pid != pid
        assert second.running()
        assert not server.running()
    finally:
        second.stop()


def test_a_pid_file_that_names_an_unrelated_process_is_no_obstacle(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "postgres", tmp_path / "s", options=FAST_AND_UNSAFE)
    server.start()
    server.stop()
    (server.data / "postmaster.pid").write_text(
        f"{os.getpid()}\n{server.data}\n0\n5432\n{server.sockets}\n\n"
    )
    server.start()
    assert server.running()
    server.stop()


def test_an_interrupted_making_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "postgres.new").mkdir()
    (tmp_path / "postgres.new" / "half").write_text("x")
    server = Postgres(tmp_path / "postgres", tmp_path / "s", options=FAST_AND_UNSAFE)
    server.start()
    server.stop()
    assert not (tmp_path / "postgres.new").exists()


def test_data_of_another_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(PostgresFailed, match="was made by PostgreSQL 16"):
        Postgres(tmp_path / "postgres", tmp_path / "s").start()
    assert [path.name for path in (tmp_path / "postgres").iterdir()] == ["PG_VERSION"]


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    options = {**FAST_AND_UNSAFE, "shared_buffers": "nonsense"}
    with pytest.raises(PostgresFailed, match="shared_buffers"):
        Postgres(tmp_path / "postgres", tmp_path / "s", options=options).start()


def test_the_first_signal_ends_it_without_recovery(server: Postgres) -> None:
    assert server.pid is not None
    os.kill(server.pid, signal.SIGINT)
    psutil.wait_procs([psutil.Process(server.pid)], timeout=60)
    assert not server.running()
    assert "database system is shut down" in server.log.read_text()
