"""A worker's side of the fork server: start it, ask it for a child process, talk to that child.

The top process of a worker calls `start` before it forks, and its forks find the server by the environment;
a worker that only has threads calls `announce`, and its first job starts the server.
"""

import contextlib
import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from .options import count
from .wire import KILL, PAUSE, SOCKET, TERMINATE

ADDRESS = "MLREGISTRY_FORK_SERVER"
START_SECONDS = 90
ROOT = Path(__file__).resolve().parents[2]


class NoForkServer(Exception):
    """The fork server does not answer or refused to fork; the job was not started."""


@dataclass
class Child:
    """One job's process: what it says (events), what it prints (log), and the line to its fork server."""

    pid: int
    connection: socket.socket
    log: int
    events: int

    def terminate(self) -> None:
        self._tell(TERMINATE)

    def pause(self) -> None:
        """Ask it to stop at its next safe point."""
        self._tell(PAUSE)

    def kill(self) -> None:
        self._tell(KILL)

    def close(self) -> None:
        """Closing the line ends whatever is left of the child."""
        self.connection.close()
        os.close(self.log)
        os.close(self.events)

    def _tell(self, command: bytes) -> None:
        with contextlib.suppress(OSError):
            self.connection.sendall(command)


def start() -> None:
    """Begin to start the fork server of this process and of all that it will fork; returns at once."""
    if _folder() is None:
        _spawn(_new_folder(), owner=os.getpid(), idle_seconds=0)


def announce() -> None:
    """Choose where the fork server of this process will be found. It starts with the first job and ends when
    there was none for JOB_FORK_SERVER_IDLE_SECONDS; 0 starts it now, for good.
    """
    if _folder() is None:
        folder = _new_folder()
        if not count("JOB_FORK_SERVER_IDLE_SECONDS"):
            _spawn(folder, owner=os.getpid(), idle_seconds=0)


def forget() -> None:
    """Remove what `announce` made, at the end of this process; a server that runs ends by itself."""
    folder = _folder()
    if folder is not None and os.environ.pop(ADDRESS).startswith(f"{os.getpid()}:"):
        shutil.rmtree(folder, ignore_errors=True)


def connect() -> socket.socket:
    """A line to the fork server for one job, before the job is claimed: one that is still loading is
    waited for, a dead one is replaced. Safe from several processes. Raises NoForkServer.
    """
    folder = _folder() or _new_folder()
    owner = int(os.environ[ADDRESS].partition(":")[0])
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        connection = _try(folder)
        if connection is None and not _is_starting(folder):
            _spawn(folder, owner=owner, idle_seconds=_idle_seconds(owner))
        deadline = time.monotonic() + START_SECONDS
        while connection is None and time.monotonic() < deadline:
            time.sleep(0.05)
            connection = _try(folder)
    if connection is None:
        raise NoForkServer("The fork server did not start in time; its error is in the worker's output.")
    return connection


def launch(request: dict[str, Any], *, connection: socket.socket) -> Child:
    """Fork a child that runs `request` (path, job_id, attempt, args). Raises NoForkServer."""
    log_read, log_write = os.pipe()
    events_read, events_write = os.pipe()
    memory = os.memfd_create("job")
    try:
        with open(os.dup(memory), "wb") as stream:
            stream.write(json.dumps(request).encode())
        socket.send_fds(connection, [b"R"], [memory, log_write, events_write])
        answer = read_line(connection)
    except OSError as error:
        answer = {"refused": str(error)}
    finally:
        for file in (memory, log_write, events_write):
            os.close(file)
    child = Child(answer.get("pid", 0), connection, log_read, events_read)
    if not child.pid:
        child.close()
        raise NoForkServer(f"The fork server did not start the job: {answer.get('refused', 'it went away')}.")
    for file in (log_read, events_read):
        os.set_blocking(file, False)
    return child


def read_line(connection: socket.socket) -> dict[str, Any]:
    """One JSON line; an empty dict when the other side is gone."""
    line = b""
    with contextlib.suppress(ConnectionError):
        while not line.endswith(b"\n"):
            part = connection.recv(1)
            if not part:
                return {}
            line += part
        return dict(json.loads(line))
    return {}


def _folder() -> Path | None:
    """The folder of the running server, if its owner is still alive."""
    owner, _, folder = os.environ.get(ADDRESS, "").partition(":")
    if not folder or not Path(f"/proc/{owner}").exists() or not Path(folder).exists():
        return None
    return Path(folder)


def _new_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="mlregistry-jobs-"))
    os.environ[ADDRESS] = f"{os.getpid()}:{folder}"
    return folder


def _idle_seconds(owner: int) -> int:
    """A server started by a process that was forked for one job would be left alone: it stays for good."""
    return count("JOB_FORK_SERVER_IDLE_SECONDS") if owner == os.getpid() else 0


def _spawn(folder: Path, *, owner: int, idle_seconds: int) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE") or str(settings.SETTINGS_MODULE),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "mlregistry.jobs.forkserver", str(folder), str(owner), str(idle_seconds)],
        env=environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def _is_starting(folder: Path) -> bool:
    """True while a server for this folder is loading: it runs, but has no socket yet."""
    return any(str(folder).encode() in command for command in _commands())


def _commands() -> list[bytes]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            command = path.read_bytes()
            if b"mlregistry.jobs.forkserver" in command:
                found.append(command)
    return found


def _try(folder: Path) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(str(folder / SOCKET))
    except OSError:
        connection.close()
        return None
    return connection
