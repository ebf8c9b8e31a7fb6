"""Real workers of each engine on the test's own database; started once, replaced when a test kills one."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.utils import timezone
from pytest_django import Settings

from mlregistry.celery import app
from mlregistry.jobs import queue, reaper
from mlregistry.jobs.engines import QUEUES, celery_settings, rq_queues, tasks_setting
from mlregistry.jobs.models import Job, JobLog, State
from mlregistry.supervisor.leash import leashed

from .short_intervals import INTERVALS, KINDS

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = {
    "db": ["manage.py", "worker"],
    "rq": ["manage.py", "rqworker", *QUEUES],
    "celery": ["-m", "celery", "-A", "mlregistry", "worker", "--concurrency", "2"],
}
ENDED = (State.SUCCEEDED, State.FAILED, State.CANCELLED)


@dataclass
class Workers:
    """The worker processes of these tests, by engine."""

    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def need(self, engine: str, environment: dict[str, str]) -> None:
        process = self.processes.get(engine)
        if process is None or process.poll() is not None:
            self.processes[engine] = subprocess.Popen(
                [sys.executable, *COMMANDS[engine]],
                cwd=ROOT,
                env=environment,
                preexec_fn=leashed(signal.SIGKILL),
            )

    def kill(self, engine: str) -> None:
        """SIGKILL to the worker and to every process it forked for its jobs, as when a machine goes."""
        process = self.processes.pop(engine)
        top = psutil.Process(process.pid)
        family = [
            top,
            *(member for member in top.children(recursive=True) if not _is_of_a_fork_server(member)),
        ]
        for member in family:  # none may act on the death of another
            member.suspend()
        for member in family:
            member.kill()
        process.wait(60)
        let_leases_run_out(member.pid for member in family)

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(60)


@dataclass
class Engine:
    name: str
    environment: dict[str, str]
    workers: Workers

    def start(self) -> None:
        self.workers.need(self.name, self.environment)

    def kill_worker(self) -> None:
        self.workers.kill(self.name)


def _is_of_a_fork_server(member: psutil.Process) -> bool:
    """The fork server and its children are left alive: that they die by themselves is what is tested."""
    return any("mlregistry.jobs.forkserver" in part.cmdline() for part in (member, *member.parents()))


@pytest.fixture(scope="package")
def workers(django_db_setup: None) -> Iterator[Workers]:
    """Ended before other tests begin: they would take the jobs of those."""
    pool = Workers()
    yield pool
    pool.stop()


@pytest.fixture(autouse=True)
def intervals(settings: Settings) -> None:
    for name, value in INTERVALS.items():
        setattr(settings, name, value)
    settings.JOB_KINDS = KINDS


@pytest.fixture(params=["db", "rq", "celery"])
def engine(
    request: pytest.FixtureRequest,
    settings: Settings,
    server_environment: dict[str, str],
    redis_server: str,
    workers: Workers,
) -> Engine:
    broker = redis_server.removesuffix("/0") + "/1"
    settings.TASKS = tasks_setting(request.param)
    settings.RQ_QUEUES = rq_queues(redis_server)
    app.conf.update(celery_settings(broker))
    environment = {
        **server_environment,
        "DJANGO_SETTINGS_MODULE": "tests.jobs.worker_settings",
        "MLREGISTRY_TASKS": request.param,
        "REDIS_URL": redis_server,
        "CELERY_BROKER_URL": broker,
        "PYTHONPATH": str(ROOT),
    }
    engine = Engine(request.param, environment, workers)
    engine.start()
    return engine


@pytest.fixture
def submit(transactional_db: None) -> Callable[..., Job]:
    def enqueue(
        kind: str, *, title: str = "a job", args: dict[str, Any] | None = None, **options: Any
    ) -> Job:
        return queue.enqueue(f"tests.{kind}", args=args or {}, team=None, title=title, by=None, **options)

    return enqueue


def wait_for(condition: Callable[[], Any], *, seconds: float = 300.0) -> None:
    """Wait until the condition holds, sweeping as the scheduler would; fails when it does not in time."""
    deadline, sweep_at = time.monotonic() + seconds, 0.0
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {_told()}"
        if time.monotonic() >= sweep_at:
            reaper.sweep()
            sweep_at = time.monotonic() + 0.25
        time.sleep(0.05)


def let_leases_run_out(pids: Iterable[int]) -> None:
    """Of the jobs that these dead processes held: as if their last heartbeat were long ago."""
    held = Job.objects.filter(state=State.RUNNING, pid__in=list(pids))
    held.update(heartbeat_at=timezone.now() - timedelta(hours=1))


def wait_until_ended(job: Job) -> Job:
    def ended() -> bool:
        job.refresh_from_db()
        return job.state in ENDED

    wait_for(ended)
    return job


def wait_until_running(job: Job) -> int:
    """Wait for the job's child process; its pid."""

    def running() -> bool:
        job.refresh_from_db()
        return job.state == State.RUNNING and job.child_pid is not None

    wait_for(running)
    assert job.child_pid is not None
    return job.child_pid


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def lines_of(path: Path) -> list[str]:
    return path.read_text().split("\n")[:-1] if path.exists() else []


def _told() -> str:
    """The rows as they stand, for the message of a failure."""
    jobs = Job.objects.values_list("kind", "state", "attempt", "error")
    return f"{list(jobs)} {list(JobLog.objects.values_list('text', flat=True))}"
