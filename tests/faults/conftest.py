"""Several real workers on the test's own database, with a plugin that misbehaves; each can be killed alone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from pytest_django import Settings

from experiments.actions import lanes
from mlregistry.jobs import reaper
from mlregistry.ml.estimators import CATALOGUE
from mlregistry.supervisor.leash import leashed
from tests.experiments.conftest import editor, problem, version

from . import hostile

__all__ = ["editor", "problem", "version"]
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Fleet:
    """Worker processes of one lane each."""

    environment: dict[str, str]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, n_workers: int) -> None:
        for _ in range(n_workers):
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, "manage.py", "worker", "--concurrency", "1"],
                    cwd=ROOT,
                    env=self.environment,
                    preexec_fn=leashed(signal.SIGKILL),
                )
            )

    def kill_one(self) -> None:
        """SIGKILL to one worker with all that it started, as when its machine goes."""
        process = self.processes.pop()
        top = psutil.Process(process.pid)
        family = [top, *top.children(recursive=True)]
        for member in family:
            member.suspend()
        for member in family:
            member.kill()
        process.wait(10)

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


@pytest.fixture
def fleet(
    server_environment: dict[str, str], tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Fleet]:
    """Empty at first; the plugin is known here and to every worker."""
    info = tmp_path / "hostile_rows-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hostile-rows\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mlregistry.estimators]\nhostile = tests.faults.hostile:rows\n")
    for row in hostile.rows()["classification"]:
        monkeypatch.setitem(CATALOGUE["classification"], row.name, row)
    settings.JOB_LEASE_SECONDS = 4.0
    found = Fleet(
        {
            **server_environment,
            "DJANGO_SETTINGS_MODULE": "tests.faults.worker_settings",
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)]),
        }
    )
    yield found
    found.stop()


def wait_for(condition: Callable[[], Any], *, seconds: float = 150.0) -> None:
    """Wait until it holds, sweeping and tending as the scheduler would."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        reaper.sweep()
        lanes.tend()
        time.sleep(0.2)
