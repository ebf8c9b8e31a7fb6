"""Starts a server in a group of its own, waits until it answers, and ends it with its children, each by its pid."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psutil

START_SECONDS = 180.0
STOP_SECONDS = 10.0


@dataclass
class Process:
    """Use as a context manager: it answers on `port` inside, and is gone behind."""

    command: list[str]
    port: int
    ready: str
    folder: Path
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Process:
        log = self.folder / "server.log"
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                self.command, cwd=self.folder, env=dict(self.environment), stdin=subprocess.DEVNULL, stdout=file,
                stderr=file, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not _answers(self.port, self.ready):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.__exit__(None, None, None)
                raise SystemExit(
                    f"{self.command[0]} did not start:\n{log.read_text(errors='replace')[-3000:]}"
                )
            time.sleep(0.1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is None:
            return
        with suppress(psutil.NoSuchProcess):
            first = psutil.Process(self.process.pid)
            family = [first, *first.children(recursive=True)]
            first.terminate()
            _, alive = psutil.wait_procs(family, timeout=STOP_SECONDS)
            for one in alive:
                with suppress(psutil.NoSuchProcess):
                    one.kill()
        self.process.wait()
        self.process = None


def granian(application: str, port: int) -> list[str]:
    """The command of the server that this project runs on, with one process."""
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "1", "--no-ws", "--http", "1", "--log-level", "warning", application,
    ]  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def clean_environment(**more: str) -> dict[str, str]:
    """Without what would steer a server of ours."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("MLREGISTRY_", "DATABASE_"))
    }
    return {**clean, **more}
