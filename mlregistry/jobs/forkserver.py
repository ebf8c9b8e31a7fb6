"""The fork server: a process with pandas and scikit-learn loaded that forks one child for each job.

`python -m mlregistry.jobs.forkserver <folder> <owner pid> <idle seconds>`, started by processes.py. It ends with
its owner, or after the idle seconds without a job (0: never). The end of a worker's line ends that job's processes.
"""

import contextlib
import fcntl
import gc
import importlib
import io
import json
import os
import selectors
import shutil
import signal
import socket
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
from django.db import connections

from . import child
from .options import option
from .wire import KILL, SOCKET, TERMINATE, signal_group


@dataclass
class Running:
    pid: int
    connection: socket.socket


class ForkServer:
    def __init__(self, folder: Path, *, owner: int) -> None:
        self.folder = folder
        self.running: dict[int, Running] = {}
        self.selector = selectors.DefaultSelector()
        self.owner = owner
        self.wakeup, wakeup_write = os.pipe()
        os.set_blocking(self.wakeup, False)
        os.set_blocking(wakeup_write, False)
        signal.set_wakeup_fd(wakeup_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda signum, frame: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # a child that has no handler yet survives a pause
        self.listener = _listen(folder / SOCKET)
        self.selector.register(self.owner, selectors.EVENT_READ, self._end)
        self.selector.register(self.wakeup, selectors.EVENT_READ, self._reap)
        self.selector.register(self.listener, selectors.EVENT_READ, self._accept)

    def serve(self, *, idle_seconds: int) -> None:
        n_own = len(self.selector.get_map())
        while True:
            ready = self.selector.select(idle_seconds or None)
            for key, _ in ready:
                key.data(key.fileobj)
            if not ready and not self.running and len(self.selector.get_map()) == n_own:
                self._retire()

    def _retire(self) -> None:
        """End, unless a worker is about to ask: it connects under the lock, which is held until this is gone."""
        with open(self.folder / "lock", "w") as lock, contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not self.selector.select(0):
                (self.folder / SOCKET).unlink(missing_ok=True)
                os._exit(0)

    def _accept(self, _: Any) -> None:
        connection, _address = self.listener.accept()
        self.selector.register(connection, selectors.EVENT_READ, self._hear)

    def _hear(self, connection: socket.socket) -> None:
        """The first message brings the request; later ones are signals; the end means the worker died."""
        try:
            message, files, _, _ = socket.recv_fds(connection, 16, 3)
        except ConnectionError:
            message, files = b"", []
        job = next((job for job in self.running.values() if job.connection is connection), None)
        if job is None:
            if len(files) == 3:
                self._fork(connection, *files)
            else:
                self._forget(connection)
        elif not message or KILL in message:
            signal_group(job.pid, signal.SIGKILL)
            if not message:
                self.selector.unregister(connection)
        elif TERMINATE in message:
            signal_group(job.pid, signal.SIGTERM)
        else:  # a pause, for the job's own process alone
            os.kill(job.pid, signal.SIGUSR1)

    def _fork(self, connection: socket.socket, request: int, log: int, events: int) -> None:
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            _answer(connection, {"refused": str(error)})
            self._forget(connection)
        else:
            if pid == 0:
                self._become_child(request, log, events, parent)
            self.running[pid] = Running(pid, connection)
            _answer(connection, {"pid": pid})
        finally:
            for file in (request, log, events):
                os.close(file)

    def _become_child(self, request: int, log: int, events: int, parent: int) -> None:
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for key in list(self.selector.get_map().values()):
                os.close(key.fd)
            self.selector.close()
            os.lseek(request, 0, os.SEEK_SET)
            with open(os.dup(request), "rb") as stream:
                wanted = json.load(stream)
            status = child.run(wanted, log=log, events=events, parent=parent)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)

    def _reap(self, _: Any) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self.wakeup, 4096)
        for job in list(self.running.values()):
            # WNOWAIT keeps the zombie, so the number cannot name a stranger while its group is ended.
            if os.waitid(os.P_PID, job.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                continue
            signal_group(job.pid, signal.SIGKILL)
            _, status, usage = os.wait4(job.pid, 0)
            del self.running[job.pid]
            _answer(
                job.connection,
                {
                    "exit": os.waitstatus_to_exitcode(status),
                    "cpu_seconds": usage.ru_utime + usage.ru_stime,
                    "peak_memory_mb": usage.ru_maxrss / 1024,
                },
            )
            self._forget(job.connection)

    def _forget(self, connection: socket.socket) -> None:
        with contextlib.suppress(KeyError):
            self.selector.unregister(connection)
        connection.close()

    def _end(self, _: Any) -> None:
        for pid in self.running:
            signal_group(pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)
        os._exit(0)


def _listen(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(128)
    return listener


def _answer(connection: socket.socket, message: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        connection.sendall(json.dumps(message).encode() + b"\n")


class Descriptor(io.RawIOBase):
    """A file number written as it then stands; Python's own streams remember what they first pointed at."""

    def __init__(self, number: int) -> None:
        self.number = number

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return os.write(self.number, data)

    def fileno(self) -> int:
        return self.number


def _lines_to(number: int) -> io.TextIOWrapper:
    """A text stream that survives its file number being turned into a job's log pipe."""
    buffer = io.BufferedWriter(Descriptor(number))
    return io.TextIOWrapper(buffer, encoding="utf-8", errors="backslashreplace", line_buffering=True)


def _watch(folder: Path, owner: int) -> int:
    """A file that becomes readable when the owner ends; asked for before the slow imports."""
    try:
        return os.pidfd_open(owner)
    except ProcessLookupError:
        shutil.rmtree(folder, ignore_errors=True)
        sys.exit(0)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    owner = _watch(folder, int(sys.argv[2]))
    sys.stdout, sys.stderr = _lines_to(1), _lines_to(2)
    django.setup()
    for module in (*option("JOB_PRELOAD"), *option("JOB_PRELOAD_BESIDE")):
        importlib.import_module(module)
    connections.close_all()
    gc.collect()
    gc.freeze()
    ForkServer(folder, owner=owner).serve(idle_seconds=int(sys.argv[3]))
