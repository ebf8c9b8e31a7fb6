"""What every engine must do, proved with real worker processes: the same tests on db, rq and celery."""

from collections.abc import Callable
from pathlib import Path

from mlregistry.jobs import runner
from mlregistry.jobs.models import Job, JobLog, State
from mlregistry.jobs.queries.jobs import log_after

from .conftest import Engine, is_alive, lines_of, wait_for, wait_until_ended, wait_until_running

Submit = Callable[..., Job]


def test_log_and_progress_are_streamed_while_the_job_runs(
    engine: Engine, submit: Submit, tmp_path: Path
) -> None:
    go_on = tmp_path / "go_on"
    job = submit("talk", args={"path": str(go_on)})
    wait_for(lambda: JobLog.objects.filter(job=job, text="first line").exists())
    wait_for(lambda: Job.objects.filter(pk=job.pk, progress=0.5, message="half way").exists())
    job.refresh_from_db()
    assert job.state == State.RUNNING
    assert job.eta_seconds is not None
    assert job.eta_seconds > 0
    go_on.touch()
    wait_until_ended(job)
    assert (job.state, job.result, job.progress) == (State.SUCCEEDED, {"answer": 42}, 1.0)
    assert [line.text for line in log_after(job)] == ["first line", "a line on stderr", "last line"]
    assert [line.text for line in log_after(job, 1)] == ["last line"]
    assert job.cpu_seconds is not None
    assert 0 < job.cpu_seconds < 30
    assert job.peak_memory_mb is not None
    assert 20 < job.peak_memory_mb < 2048


def test_a_job_whose_worker_is_killed_runs_again_and_succeeds(
    engine: Engine, submit: Submit, tmp_path: Path
) -> None:
    path = tmp_path / "runs"
    job = submit("wait_first_time", args={"path": str(path)})
    child = wait_until_running(job)
    wait_for(lambda: lines_of(path))
    engine.kill_worker()
    wait_for(lambda: not is_alive(child))
    engine.start()
    wait_until_ended(job)
    assert (job.state, job.result, job.attempt, job.error) == (State.SUCCEEDED, {"attempt": 2}, 2, "")
    assert [line.split()[0] for line in lines_of(path)] == ["1", "2"]
    assert any("died" in line.text for line in log_after(job))


def test_a_job_that_lets_others_go_first_runs_again_and_no_try_is_counted(
    engine: Engine, submit: Submit, tmp_path: Path
) -> None:
    job = submit("yield_once", args={"path": str(tmp_path / "runs")})
    wait_until_ended(job)
    assert (job.state, job.attempt, job.n_tries, job.error) == (State.SUCCEEDED, 2, 1, "")
    assert lines_of(tmp_path / "runs") == ["long 1", "long 2"]


def test_a_message_delivered_twice_runs_the_job_once(engine: Engine, submit: Submit, tmp_path: Path) -> None:
    path = tmp_path / "runs"
    job = submit("count_run", args={"path": str(path)})
    for _ in range(3):
        runner.nudge(str(job.pk), queue=job.queue)
    wait_until_ended(job)
    runner.nudge(str(job.pk), queue=job.queue)
    # Another job behind them in the queue shows that all messages have been taken.
    last = submit("count_run", args={"path": str(tmp_path / "last")})
    wait_until_ended(last)
    assert lines_of(path) == ["1"]
    job.refresh_from_db()
    assert (job.state, job.attempt) == (State.SUCCEEDED, 1)


def test_a_job_over_its_memory_limit_fails_with_that_reason(engine: Engine, submit: Submit) -> None:
    job = wait_until_ended(submit("hog_memory", memory_mb=700))
    assert job.state == State.FAILED
    assert "of memory; its limit is 700 MB" in job.error
    assert job.attempt == 1


def test_a_job_over_its_time_limit_fails_with_that_reason(
    engine: Engine, submit: Submit, tmp_path: Path
) -> None:
    path = tmp_path / "runs"
    job = wait_until_ended(submit("wait_first_time", args={"path": str(path)}, timeout_seconds=2))
    assert job.state == State.FAILED
    assert job.error == "It ran longer than its limit of 2 seconds."
    assert not any(is_alive(int(line.split()[1])) for line in lines_of(path))


def test_a_cancelled_job_is_gone_with_all_it_started(engine: Engine, submit: Submit, tmp_path: Path) -> None:
    path = tmp_path / "grandchild"
    job = submit("ignore_sigterm", args={"path": str(path)})
    child = wait_until_running(job)
    wait_for(lambda: lines_of(path))
    grandchild = int(lines_of(path)[0])
    Job.objects.filter(pk=job.pk).update(cancel_requested_at=job.created_at)
    wait_for(lambda: not is_alive(child) and not is_alive(grandchild))
    wait_until_ended(job)
    assert (job.state, job.error) == (State.CANCELLED, "")


def test_a_job_that_always_fails_stops_after_its_attempts(
    engine: Engine, submit: Submit, tmp_path: Path
) -> None:
    path = tmp_path / "runs"
    job = wait_until_ended(submit("fail", args={"path": str(path)}, max_attempts=3))
    assert (job.state, job.attempt, job.error) == (State.FAILED, 3, "ValueError: it never works")
    assert lines_of(path) == ["1", "2", "3"]
    assert any("Traceback" in line.text for line in log_after(job))


def test_a_job_may_use_processes_of_its_own_and_the_database(engine: Engine, submit: Submit) -> None:
    parallel = submit("work_in_parallel")
    reading = submit("read_own_row", title="who am I")
    wait_until_ended(parallel)
    wait_until_ended(reading)
    assert parallel.state == State.SUCCEEDED, parallel.error
    assert parallel.result == {"apart": True}
    assert reading.result == {"title": "who am I"}
