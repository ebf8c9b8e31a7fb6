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
PATIENCE_SECONDS = 150  # how fast it is is measured on a quiet machine, not beside other tests
OURS = ("MLREGISTRY_", "DATABASE_URL", "DJANGO_", "PYTEST_", "REDIS_URL", "CELERY_")


@dataclass
class Server:
    """A running `manage.py up` and what it said so far."""

    home: Path
    port: int
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    reader: threading.Thread = field(default_factory=threading.Thread)

    def output(self) -> str:
        return "".join(self.lines)

    def refusal(self) -> str:
        """All that it said, once it has ended by itself with an error."""
        assert self.process.wait(PATIENCE_SECONDS) == 1
        self.reader.join(PATIENCE_SECONDS)
        return self.output()

    def tree(self) -> list[psutil.Process]:
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def command(self, words: str) -> psutil.Process:
        """The topmost process whose command line holds these words."""
        return next(one for one in self.tree()[1:] if words in " ".join(one.cmdline()))

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while "is ready after" not in self.output():
            assert self.process.poll() is None, self.output()
            assert time.monotonic() < deadline, self.output()
            time.sleep(0.05)

    def wait_until_healthy(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not addresses.healthy("127.0.0.1", self.port):
            assert time.monotonic() < deadline, self.output()
            time.sleep(0.1)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Returns when the process is gone."""
        self.process.send_signal(number)
        self.process.wait(PATIENCE_SECONDS)

    def start_again(self) -> None:
        """On the same home and port, as another process."""
        other = start(self.home, self.port)
        self.process, self.lines, self.reader = other.process, other.lines, other.reader
        self.wait_until_ready()


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
    server.reader = threading.Thread(target=_read, args=(process, server.lines), daemon=True)
    server.reader.start()
    return server


def _read(process: subprocess.Popen[str], lines: list[str]) -> None:
    assert process.stdout is not None
    with process.stdout as stream:
        lines.extend(stream)
