"""What the runner does with unusual jobs, and how its processes end; on the default engine."""

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from mlregistry.jobs import schedule
from mlregistry.jobs.models import Job, Schedule, State
from mlregistry.jobs.queries.jobs import log_after
from mlregistry.supervisor.leash import leashed

from .conftest import ROOT, Engine, is_alive, lines_of, wait_for, wait_until_ended, wait_until_running

Submit = Callable[..., Job]
pytestmark = pytest.mark.parametrize("engine", ["db"], indirect=True)


def test_a_mistake_in_what_was_asked_for_is_not_tried_again(
    engine: Engine, submit: Submit, tmp_path: Path
) -> None:
    job = wait_until_ended(submit("refuse", args={"path": str(tmp_path / "runs")}))
    assert (job.state, job.attempt, job.error) == (State.FAILED, 1, "The target has one value only.")


def test_a_child_that_ends_without_a_word_fails_with_its_status(engine: Engine, submit: Submit) -> None:
    job = wait_until_ended(submit("vanish", max_attempts=1))
    assert (job.state, job.error) == (
        State.FAILED,
        "Its child process ended with status 3 and without a result.",
    )


def test_a_result_that_is_no_json_fails_with_the_reason(engine: Engine, submit: Submit) -> None:
    job = wait_until_ended(submit("answer_nan", max_attempts=1))
    assert job.state == State.FAILED
    assert "not JSON compliant" in job.error


def test_fifty_megabytes_of_output_are_cut_with_a_note(engine: Engine, submit: Submit) -> None:
    job = wait_until_ended(submit("flood"))
    assert job.state == State.SUCCEEDED
    lines = [line.text for line in log_after(job)]
    assert sum(len(line) + 1 for line in lines[:-1]) <= 100_000
    assert len(lines) == 101
    assert lines[-1].startswith("[The log is cut here")


def test_the_memory_of_processes_that_a_job_starts_counts(engine: Engine, submit: Submit) -> None:
    job = wait_until_ended(submit("hog_memory_in_a_grandchild", memory_mb=700))
    assert job.state == State.FAILED
    assert "its limit is 700 MB" in job.error


def test_a_lost_fork_server_is_replaced_and_the_job_tried_again(
    engine: Engine, submit: Submit, tmp_path: Path
) -> None:
    path = tmp_path / "runs"
    job = submit("wait_first_time", args={"path": str(path)})
    child = wait_until_running(job)
    server = psutil.Process(child).parent()
    assert server is not None
    server.kill()
    wait_for(lambda: not is_alive(child))
    wait_until_ended(job)
    assert (job.state, job.attempt) == (State.SUCCEEDED, 2)


def test_a_worker_that_is_stopped_gives_its_job_back_without_counting_the_attempt(
    engine: Engine, submit: Submit, tmp_path: Path
) -> None:
    path = tmp_path / "runs"
    job = submit("wait_first_time", args={"path": str(path)}, max_attempts=1)
    child = wait_until_running(job)
    wait_for(lambda: lines_of(path))
    server = psutil.Process(child).parent()
    worker = engine.workers.processes.pop("db")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0
    assert not is_alive(child)
    job.refresh_from_db()
    assert (job.state, job.n_tries) == (State.QUEUED, 0)
    assert server is not None
    wait_for(lambda: not is_alive(server.pid))
    engine.start()
    wait_until_ended(job)
    assert (job.state, job.result) == (State.SUCCEEDED, {"attempt": 2})


def test_the_scheduler_loads_no_pandas_and_stops_on_sigterm(engine: Engine) -> None:
    kept = schedule.keep("hourly", "tests.read_own_row", every_seconds=3600)
    Schedule.objects.filter(pk=kept.pk).update(next_at=kept.next_at - timedelta(hours=2))
    scheduler = subprocess.Popen(
        [sys.executable, "manage.py", "scheduler"],
        cwd=ROOT,
        env=engine.environment,
        preexec_fn=leashed(signal.SIGKILL),
    )
    process = psutil.Process(scheduler.pid)
    wait_for(lambda: Job.objects.filter(title="hourly").exists())
    wait_until_ended(Job.objects.get())
    libraries = {part.path for part in process.memory_maps()}
    assert not any("pandas" in path or "sklearn" in path or "numpy" in path for path in libraries)
    assert process.memory_info().rss < 130 * 2**20
    scheduler.terminate()
    assert scheduler.wait(60) == 0
