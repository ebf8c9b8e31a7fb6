"""This server with one web process, the models behind endpoints with and without log, and its second door alone."""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving_peers.cases import Case
from benchmarks.serving_peers.loading import Ask, once
from benchmarks.serving_peers.peers import split_body
from benchmarks.serving_peers.processes import Process, clean_environment, free_port, granian
from serving.hotpath import segments
from serving.hotpath.segments import Cursor

ROOT = Path(__file__).resolve().parents[2]
LOGS = ("on", "best-effort", "off")
SETTLE_SECONDS = 75.0  # within a minute the baselines are made by which a new version's drift is counted
LONGEST_WAIT = 180.0


@dataclass(frozen=True)
class Ours:
    """`port` has the thin door in front, `slow_port` the DRF view alone; `log` is the folder of the prediction log."""

    port: int
    slow_port: int
    token: str
    log: Path

    def ask(self, case: Case, n_rows: int, *, log: str, slow: bool = False) -> Ask:
        """`log` is on (durable), best-effort or off."""
        name = f"{case.name}-{log}"
        port = self.slow_port if slow else self.port
        headers = {"Authorization": f"Bearer {self.token}"}
        return Ask(port, f"/api/v1/endpoints/{name}/invocations", split_body(case, n_rows), headers)

    def wait_for_log(self) -> None:
        """Until what was logged before is in the database, so that its shipping is no part of the next figure."""
        deadline = time.monotonic() + LONGEST_WAIT
        while self._lags() and time.monotonic() < deadline:
            time.sleep(0.5)

    def _lags(self) -> bool:
        cursor = Cursor(self.log / "shipped.json")
        shipped = {one: max(cursor.offset(one), len(segments.MAGIC)) for one in segments.listing(self.log)}
        return any(segments.used_bytes(one) > n_bytes for one, n_bytes in shipped.items())


@contextmanager
def running(cases: list[Case], folder: Path) -> Iterator[Ours]:
    """Started as `make up` does, with one web process; the second door is another process over the same home."""
    home, token = folder / "home", secrets.token_hex(20)
    home.mkdir()
    environment = clean_environment(
        MLREGISTRY_HOME=str(home), MLREGISTRY_DEMO="0", MLREGISTRY_WEB_WORKERS="1", MLREGISTRY_ADMIN_TOKEN=token,
        MLREGISTRY_ADMIN_USERNAME="owner", MLREGISTRY_ADMIN_PASSWORD=secrets.token_hex(20), PYTHONPATH=str(ROOT),
        DJANGO_SETTINGS_MODULE="mlregistry.settings",
    )  # fmt: skip
    port, slow = free_port(), free_port()
    server = Process(
        [sys.executable, "-m", "mlregistry.supervisor"], port, "/health", home, {**environment, "PORT": str(port)},
    )  # fmt: skip
    door = granian("benchmarks.serving_peers.drf_door:application", slow)
    with server:
        folders = (str(case.folder) for case in cases)
        command = [sys.executable, "-m", "benchmarks.serving_peers.registering", *folders]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
        with Process(door, slow, "/health", home, {**environment, "PORT": str(slow)}):
            found = Ours(port, slow, token, home / "predictions")
            time.sleep(SETTLE_SECONDS)
            for case in cases:
                for number in range(2 * len(LOGS)):
                    once(found.ask(case, 1, log=LOGS[number % 3], slow=number > 2))
            yield found
