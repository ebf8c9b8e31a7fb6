"""The db engine's fork server comes with the first job and goes when there is nothing to do."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from mlregistry.jobs import processes, runner, wake
from mlregistry.jobs.engines import QUEUES, tasks_setting
from mlregistry.jobs.management.commands import worker as worker_command
from mlregistry.jobs.models import Job, State
from mlregistry.supervisor.leash import leashed

from .conftest import ROOT, wait_for, wait_until_ended, wait_until_running

Submit = Callable[..., Job]


@pytest.fixture
def temporary() -> Iterator[Path]:
    """The worker's own folder of temporary files, with a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="w-") as folder:
        yield Path(folder)


@pytest.fixture
def worker(
    server_environment: dict[str, str], transactional_db: None, temporary: Path
) -> Iterator[psutil.Process]:
    environment = {
        **server_environment,
        "DJANGO_SETTINGS_MODULE": "tests.jobs.worker_settings",
        "MLREGISTRY_TASKS": "db",
        "MLREGISTRY_JOBS_IDLE_SECONDS": "1",
        "PYTHONPATH": str(ROOT),
        "TEST_QUEUE": "fork-server",
        "TMPDIR": str(temporary),
    }
    command = [sys.executable, "manage.py", "worker", "--queue", "fork-server", "--with-scheduler"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, preexec_fn=leashed(signal.SIGKILL))
    yield psutil.Process(process.pid)
    process.terminate()
    process.wait(60)


@pytest.fixture(autouse=True)
def own_queue(settings: Settings) -> None:
    settings.TASKS = tasks_setting("db", queues=[*QUEUES, "fork-server"])


def test_it_starts_with_a_job_ends_when_idle_and_starts_again(
    worker: psutil.Process, submit: Submit, tmp_path: Path
) -> None:
    assert _fork_servers(worker) == []
    for _ in range(2):
        job = wait_until_ended(
            submit("count_run", args={"path": str(tmp_path / "runs")}, queue="fork-server")
        )
        assert job.state == State.SUCCEEDED, job.error
        wait_for(lambda: not _fork_servers(worker))


def test_it_starts_before_a_job_that_is_expected(worker: psutil.Process) -> None:
    def seen() -> bool:
        wake.expect()  # again and again: the worker may not listen yet
        return bool(_fork_servers(worker))

    wait_for(seen, seconds=20)
    assert not Job.objects.exists()


def test_an_orderly_end_leaves_no_folder(
    worker: psutil.Process, submit: Submit, tmp_path: Path, temporary: Path
) -> None:
    go_on = tmp_path / "go_on"
    job = submit("talk", args={"path": str(go_on)}, queue="fork-server")
    wait_until_running(job)
    assert list(temporary.glob("mlregistry-jobs-*"))
    go_on.touch()
    wait_until_ended(job)
    worker.terminate()
    worker.wait(60)
    wait_for(lambda: not list(temporary.glob("mlregistry-jobs-*")))


def test_without_idle_seconds_it_starts_at_once_and_stays(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(processes.ADDRESS, raising=False)
    settings.JOB_FORK_SERVER_IDLE_SECONDS = 0
    processes.announce()
    try:
        processes.connect().close()
        command = next(
            one for one in psutil.Process().children() if "mlregistry.jobs.forkserver" in one.cmdline()
        )
        assert command.cmdline()[-1] == "0"
    finally:
        folder = os.environ[processes.ADDRESS].partition(":")[2]
        processes.forget()
        command.kill()
        command.wait(60)
    assert not Path(folder).exists()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_scheduler_that_fails_ends_the_worker_with_an_error(
    monkeypatch: pytest.MonkeyPatch, transactional_db: None
) -> None:
    def fail(stopping: object) -> None:
        raise RuntimeError("no clock")

    monkeypatch.setattr(worker_command, "run_until", fail)
    monkeypatch.setitem(worker_command.START, "db", lambda queues, n: runner.stopping.wait(60))
    try:
        with pytest.raises(CommandError, match="scheduler failed"):
            call_command("worker", "--with-scheduler")
    finally:
        runner.stopping.clear()


def test_only_the_db_engine_schedules_in_its_worker(settings: Settings) -> None:
    settings.TASKS = tasks_setting("rq")
    with pytest.raises(CommandError, match=r"manage\.py scheduler"):
        call_command("worker", "--with-scheduler")


def _fork_servers(worker: psutil.Process) -> list[psutil.Process]:
    time.sleep(0.05)
    found = []
    for one in worker.children():
        try:
            if "mlregistry.jobs.forkserver" in one.cmdline():
                found.append(one)
        except psutil.Error:
            continue
    return found
