"""Real workers on the test's own database, with a plugin that misbehaves; each can be killed alone.

The workers of a module and the fork server of their jobs serve all its tests, and are replaced when a test kills one.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.utils import timezone

from experiments.actions import lanes
from experiments.models import Trial, TrialState
from mlregistry.jobs import reaper
from mlregistry.jobs.models import Job, State
from mlregistry.ml.estimators import CATALOGUE
from mlregistry.supervisor.leash import leashed
from tests.experiments.conftest import editor, problem, version

from . import hostile
from .halting import Halt

__all__ = ["editor", "problem", "version"]
ROOT = Path(__file__).resolve().parents[2]
WORKER = [sys.executable, "manage.py", "worker", "--concurrency", "1"]
FORK_SERVER = [sys.executable, "-m", "mlregistry.jobs.forkserver"]


@dataclass
class Fleet:
    """Worker processes of one lane each; the fork server is the test's, so that a worker starts quickly."""

    folder: Path
    halt: Halt
    environment: dict[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    fork_server: subprocess.Popen[bytes] | None = None

    def start(self, n_workers: int) -> None:
        """So many workers from now on, those that run already among them."""
        if self.fork_server is None:
            self.fork_server = self._popen([*FORK_SERVER, str(self.folder / "jobs"), str(os.getpid()), "0"])
        while len(self.processes) < n_workers:
            self.processes.append(self._popen(WORKER))
        while len(self.processes) > n_workers:
            self._end(self.processes.pop())

    def kill_one(self) -> int:
        """SIGKILL, as when its machine goes: its job ends with it, and its leases run out at once.

        Returns how many trials it was at; none where it was between two.
        """
        process = self.processes.pop()
        worker = psutil.Process(process.pid)
        worker.suspend()
        held = list(Job.objects.filter(state=State.RUNNING, pid=process.pid))
        children = []
        for job in held:
            with suppress(psutil.NoSuchProcess):  # it may have ended a moment ago
                children += [psutil.Process(job.child_pid)] if job.child_pid else []
        worker.kill()
        process.wait(60)
        _, alive = psutil.wait_procs(children, timeout=60)
        assert not alive, "a job outlived its worker"
        return self._let_leases_run_out(held)

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            self._end(process)
        if self.fork_server is not None:
            self.fork_server.kill()
            self.fork_server.wait(60)

    def _popen(self, command: list[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, cwd=ROOT, env=self.environment, preexec_fn=leashed(signal.SIGKILL))

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(60)

    def _let_leases_run_out(self, jobs: list[Job]) -> int:
        long_ago = timezone.now() - timedelta(hours=1)
        Job.objects.filter(pk__in=[job.pk for job in jobs]).update(heartbeat_at=long_ago)
        n_held = 0
        for job in jobs:
            held = Trial.objects.filter(state=TrialState.RUNNING, worker__endswith=f":{job.child_pid}")
            n_held += held.update(lease_until=long_ago)
        return n_held


@pytest.fixture(scope="module")
def pool(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Ended before other tests begin: they would take the jobs of those."""
    folder = tmp_path_factory.mktemp("fleet")
    plugin_folder(folder)
    (folder / "jobs").mkdir()
    found = Fleet(folder, Halt(folder))
    yield found
    found.stop()


@pytest.fixture
def fleet(pool: Fleet, server_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """The plugin is known here and to every worker."""
    for row in hostile.rows()["classification"]:
        monkeypatch.setitem(CATALOGUE["classification"], row.name, row)
    pool.environment = {
        **server_environment,
        "DJANGO_SETTINGS_MODULE": "tests.faults.worker_settings",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(pool.folder / "plugins")]),
        "MLREGISTRY_FORK_SERVER": f"{os.getpid()}:{pool.folder / 'jobs'}",
        "TEST_HALT": str(pool.folder),
    }
    return pool


def plugin_folder(folder: Path) -> Path:
    """Made where the plugin counts as installed for a process with this folder on its path."""
    info = folder / "plugins" / "hostile_rows-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hostile-rows\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mlregistry.estimators]\nhostile = tests.faults.hostile:rows\n")
    return folder / "plugins"


def wait_for(condition: Callable[[], Any], *, seconds: float = 500.0) -> None:
    """Wait until it holds, sweeping and tending as the scheduler would."""
    deadline, tend_at = time.monotonic() + seconds, 0.0
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {_told()}"
        if time.monotonic() >= tend_at:
            reaper.sweep()
            lanes.tend()
            tend_at = time.monotonic() + 0.3
        time.sleep(0.1)


def _told() -> str:
    return str(list(Job.objects.values_list("kind", "state", "attempt", "message", "error")))
