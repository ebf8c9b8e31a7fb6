"""Starts the real server as `make up` does, on a home and port of the test's own."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from mlregistry.supervisor import addresses
from mlregistry.supervisor.leash import leashed

ROOT = Path(__file__).resolve().parents[2]
OURS = ("MLREGISTRY_", "DATABASE_URL", "DJANGO_", "PYTEST_", "REDIS_URL", "CELERY_")


@dataclass
class Server:
    """A running `manage.py up` and what it said so far."""

    home: Path
    port: int
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def output(self) -> str:
        return "".join(self.lines)

    def tree(self) -> list[psutil.Process]:
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def command(self, words: str) -> psutil.Process:
        """The topmost process whose command line holds these words."""
        return next(one for one in self.tree()[1:] if words in " ".join(one.cmdline()))

    def wait_until_ready(self, timeout_seconds: float = 90) -> float:
        began = time.monotonic()
        while "is ready after" not in self.output():
            assert self.process.poll() is None, self.output()
            assert time.monotonic() - began < timeout_seconds, self.output()
            time.sleep(0.05)
        return time.monotonic() - began

    def wait_until_healthy(self, timeout_seconds: float = 30) -> None:
        deadline = time.monotonic() + timeout_seconds
        while not addresses.healthy("127.0.0.1", self.port):
            assert time.monotonic() < deadline, self.output()
            time.sleep(0.1)

    def stop(self, number: signal.Signals = signal.SIGTERM, timeout_seconds: float = 15) -> float:
        """Seconds until the process was gone."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(timeout_seconds)
        return time.monotonic() - began


def start(home: Path, port: int, **environment: str) -> Server:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    clean |= {"MLREGISTRY_HOME": str(home), "PORT": str(port), "MLREGISTRY_DEMO": "0", **environment}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT,
        env=clean,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=leashed(signal.SIGTERM),
    )
    server = Server(home, port, process)
    threading.Thread(target=_read, args=(server,), daemon=True).start()
    return server


def _read(server: Server) -> None:
    assert server.process.stdout is not None
    with server.process.stdout as stream:
        for line in stream:
            server.lines.append(line)
