"""PostgreSQL itself crashes and comes back in the middle of a study; a server of its own, beside the session's."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from mlregistry.supervisor import schema
from mlregistry.supervisor.leash import leashed
from mlregistry.supervisor.postgres import Postgres
from tests.jobs.test_postgres_restart import server, wait_until

from .conftest import ROOT, plugin_folder

__all__ = ["server"]
ENDED = "SELECT count(*) FROM experiments_trial WHERE state NOT IN ('WAITING', 'RUNNING')"
STUDY = """
SELECT study.state, study.reason, winner.status FROM experiments_study AS study
LEFT JOIN experiments_run AS winner ON winner.id = study.winner_id
"""
TRIALS = """
SELECT trial.number, trial.state, run.status, count(metric.key) FROM experiments_trial AS trial
JOIN experiments_run AS run ON run.id = trial.run_id
JOIN experiments_latestmetric AS metric ON metric.run_id = run.id AND metric.key = 'roc_auc'
GROUP BY trial.number, trial.state, run.status ORDER BY trial.number
"""


@pytest.fixture
def environment(server: Postgres, tmp_path: Path) -> dict[str, str]:
    with closing(psycopg2.connect(server.url())) as line, line.cursor() as cursor:
        cursor.execute(schema.FILE.read_text(encoding="utf-8"))
        line.commit()
    return {
        **os.environ,
        "DATABASE_URL": server.url(),
        "MLREGISTRY_HOME": str(tmp_path / "home"),
        "MLREGISTRY_TASKS": "db",
        "DJANGO_SETTINGS_MODULE": "tests.faults.worker_settings",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(plugin_folder(tmp_path))]),
        "TEST_HALT": str(tmp_path),
    }


@pytest.fixture
def study(environment: dict[str, str]) -> Iterator[None]:
    """A study, and a worker with the scheduler that works on it."""
    command = [sys.executable, "-m", "tests.faults.own_server"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    command = [sys.executable, "manage.py", "worker", "--with-scheduler", "--concurrency", "2"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, preexec_fn=leashed(signal.SIGKILL))
    yield
    process.terminate()
    process.wait(60)


def rows(server: Postgres, statement: str) -> list[tuple[Any, ...]]:
    with closing(psycopg2.connect(server.url())) as line, line.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def test_a_crash_of_postgresql_in_the_middle_of_a_study_costs_no_trial(server: Postgres, study: None) -> None:
    wait_until(lambda: rows(server, ENDED)[0][0] >= 3)
    assert server.pid is not None
    os.kill(server.pid, signal.SIGQUIT)
    wait_until(lambda: not server.running())
    server.start()
    wait_until(lambda: rows(server, STUDY)[0][0] != "RUNNING" and rows(server, STUDY)[0][2] == "FINISHED")
    assert rows(server, STUDY)[0] == ("COMPLETE", "All 10 trials are done.", "FINISHED")
    assert rows(server, TRIALS) == [(number, "COMPLETE", "FINISHED", 1) for number in range(10)]
