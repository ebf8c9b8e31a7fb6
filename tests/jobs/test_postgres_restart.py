"""PostgreSQL crashes and comes back while a job runs and another waits: neither is lost, run twice or failed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.db import connection

from mlregistry.jobs.models import Job, State
from mlregistry.supervisor import schema
from mlregistry.supervisor.leash import leashed
from mlregistry.supervisor.postgres import Postgres

from .conftest import ROOT, lines_of


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Postgres]:
    """A server of this test's own, that keeps what it acknowledged."""
    postgres = Postgres(tmp_path / "postgres", tmp_path / "socket")
    postgres.start()
    yield postgres
    postgres.stop()


@pytest.fixture
def environment(server: Postgres, tmp_path: Path) -> dict[str, str]:
    with closing(psycopg2.connect(server.url())) as line, line.cursor() as cursor:
        cursor.execute(schema.FILE.read_text(encoding="utf-8"))
        line.commit()
    found = {
        **os.environ,
        "DATABASE_URL": server.url(),
        "MLREGISTRY_HOME": str(tmp_path / "home"),
        "MLREGISTRY_TASKS": "db",
        "DJANGO_SETTINGS_MODULE": "tests.jobs.worker_settings",
        "PYTHONPATH": str(ROOT),
    }
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=found, check=True
    )
    return found


@pytest.fixture
def worker(environment: dict[str, str]) -> Iterator[None]:
    command = [sys.executable, "manage.py", "worker", "--with-scheduler", "--concurrency", "1"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, preexec_fn=leashed(signal.SIGKILL))
    yield
    process.terminate()
    process.wait(60)


def put(server: Postgres, kind: str, **args: str) -> str:
    """A waiting job's row; the reaper sends its message."""
    job = Job(kind=f"tests.{kind}", title=kind, args=args)
    fields = Job._meta.concrete_fields
    values = [field.get_db_prep_save(field.pre_save(job, add=True), connection) for field in fields]
    columns, marks = ", ".join(str(field.column) for field in fields), ", ".join(["%s"] * len(fields))
    with closing(psycopg2.connect(server.url())) as line, line.cursor() as cursor:
        cursor.execute(f"INSERT INTO jobs_job ({columns}) VALUES ({marks})", values)  # noqa: S608 (names of columns)
        line.commit()
    return str(job.pk)


def row(server: Postgres, job_id: str) -> tuple[Any, ...]:
    with closing(psycopg2.connect(server.url())) as line, line.cursor() as cursor:
        cursor.execute("SELECT state, attempt, error FROM jobs_job WHERE id = %s", [job_id])
        found = cursor.fetchone()
    assert found is not None
    return tuple(found)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 500
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.django_db
def test_a_crash_of_postgresql_costs_no_job(server: Postgres, worker: None, tmp_path: Path) -> None:
    go_on, runs = tmp_path / "go_on", tmp_path / "runs"
    running, waiting = put(server, "talk", path=str(go_on)), put(server, "mark", path=str(runs))
    wait_until(lambda: row(server, running)[0] == State.RUNNING)
    assert server.pid is not None
    os.kill(server.pid, signal.SIGQUIT)
    wait_until(lambda: not server.running())
    go_on.touch()  # the job ends while there is nobody to tell
    time.sleep(1.0)
    server.start()
    wait_until(lambda: {row(server, job)[0] for job in (running, waiting)} == {State.SUCCEEDED})
    assert row(server, running) == (State.SUCCEEDED, 1, "")
    assert row(server, waiting)[1] == 1
    assert lines_of(runs) == ["1"]
