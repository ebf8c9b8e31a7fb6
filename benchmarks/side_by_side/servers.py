"""The three servers: how each is started, known to be healthy, weighed and ended. tracking.py holds them."""

import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.side_by_side.wire import Target
from mlregistry.supervisor.leash import leashed

ROOT = Path(__file__).resolve().parents[2]
N_WEB = 2
START_TIMEOUT_SECONDS = 240.0
STOP_SECONDS = 5.0


class ServerFailed(RuntimeError):
    """A server did not come up; the message holds the end of its log."""


@dataclass
class Server:
    """One server under test: a command that listens on `target.port`, in a folder of its own."""

    target: Target
    command: list[str]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Seconds from the start of the process to its first 200 on /health."""
        self.folder.mkdir(parents=True, exist_ok=True)
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("MLREGISTRY_", "MLFLOW_"))
        }
        began = time.perf_counter()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT if self.target.name == "mlregistry" else self.folder,
                env={**clean, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=leashed(signal.SIGTERM),
            )
        while not _healthy(self.target.port):
            if self.process.poll() is not None or time.perf_counter() - began > START_TIMEOUT_SECONDS:
                raise ServerFailed(f"{self.target.name} did not start:\n{self.log_end()}")
            time.sleep(0.02)
        return time.perf_counter() - began

    def stop(self) -> None:
        """SIGTERM to the first process, then SIGKILL to whatever is left of its tree, each by its pid."""
        if self.process is None:
            return
        family = _family(self.process.pid)
        self.process.terminate()
        _, alive = psutil.wait_procs(family, timeout=STOP_SECONDS)
        for process in alive:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()
        self.process = None

    def weigh(self) -> tuple[float, float]:
        """MB of PSS and of RSS over all its processes; the PostgreSQL they share is not among them."""
        assert self.process is not None
        pss = rss = 0
        for process in _family(self.process.pid):
            with suppress(psutil.NoSuchProcess):
                memory = process.memory_full_info()
                pss, rss = pss + getattr(memory, "pss", memory.rss), rss + memory.rss
        return pss / 1e6, rss / 1e6

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def log_end(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-12:])


def mlflow(program: str, url: str, folder: Path) -> Server:
    port = _free_port()
    url = url.replace(
        "postgresql://", "postgresql+psycopg2://"
    )  # SQLAlchemy 2.1 means psycopg 3 by the short form
    command = [program, "server", "--backend-store-uri", url, "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", str(N_WEB), "--artifacts-destination", str(folder / "artifacts")]
    return Server(Target("MLflow", port), command, folder, {"MLFLOW_DISABLE_TELEMETRY": "true"})


def fasttrackml(program: str, url: str, folder: Path) -> Server:
    """One process with all cores, as it is meant to be run; its log is told only of what went wrong."""
    port = _free_port()
    command = [program, "server", "--listen-address", f"127.0.0.1:{port}", "--log-level", "error"]
    command += ["--database-uri", url.replace("postgresql://", "postgres://")]
    command += ["--default-artifact-root", str(folder / "artifacts")]
    return Server(Target("FastTrackML", port), command, folder)


def mlregistry(_program: str, url: str, folder: Path) -> Server:
    """All of it as `make up` starts it: supervisor, two web processes, worker and scheduler."""
    port, token = _free_port(), secrets.token_hex(20)
    environment = {"DATABASE_URL": url, "PORT": str(port), "HOST": "127.0.0.1", "MLREGISTRY_DEMO": "0"}
    environment |= {"MLREGISTRY_HOME": str(folder / "home"), "MLREGISTRY_WEB_WORKERS": str(N_WEB)}
    environment |= {"MLREGISTRY_ADMIN_TOKEN": token, "MLREGISTRY_ADMIN_PASSWORD": secrets.token_hex(20)}
    command = [sys.executable, "-m", "mlregistry.supervisor"]
    return Server(Target("mlregistry", port, token), command, folder, environment)


STARTERS: Mapping[str, Callable[[str, str, Path], Server]] = {
    "mlflow": mlflow,
    "fasttrackml": fasttrackml,
    "mlregistry": mlregistry,
}


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10.0)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _family(pid: int) -> list[psutil.Process]:
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
