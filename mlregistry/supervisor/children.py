"""The processes under the supervisor: started on a leash, started again with a back-off, stopped together."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import psutil

from mlregistry.supervisor.leash import leashed

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STEADY_AFTER_SECONDS = 60.0


@dataclass
class Child:
    """One process of ours, by name, with what is needed to start it again."""

    name: str
    command: list[str]
    environment: dict[str, str]
    niceness: int = 0  # how far behind others in line for the processor
    process: subprocess.Popen[bytes] | None = None
    n_failures: int = 0
    started_at: float = 0.0
    retry_at: float = 0.0

    def start(self) -> None:
        """In a session of its own: Ctrl-C reaches the supervisor alone, which then stops all in order."""
        self.process = subprocess.Popen(
            self.command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=leashed(signal.SIGTERM, niceness=self.niceness),
        )
        self.started_at = time.monotonic()

    def tend(self) -> bool:
        """Start again what died, after 0.5 s, then twice as long up to 30 s; whether it died just now."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.retry_at:
                self.start()
            return False
        code = self.process.poll()
        if code is None:
            return False
        kill_group(self.process.pid)
        self.process = None
        self.n_failures = 1 if now - self.started_at > STEADY_AFTER_SECONDS else self.n_failures + 1
        pause = min(FIRST_PAUSE_SECONDS * 2 ** (self.n_failures - 1), LONGEST_PAUSE_SECONDS)
        self.retry_at = now + pause
        say(f"{self.name} ended with {describe(code)}; starting it again in {pause:g} s")
        return True


def stop_all(children: Iterable[Child], *, timeout_seconds: float) -> None:
    """SIGTERM to each, one shared timeout, then SIGKILL to what is left of their groups."""
    processes = [child.process for child in children if child.process is not None]
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + timeout_seconds
    for process in processes:
        try:
            process.wait(max(deadline - time.monotonic(), 0.01))
        except subprocess.TimeoutExpired:
            say(f"process {process.pid} did not stop in time and is killed")
        kill_group(process.pid)
        process.wait()


def sweep(known: set[int]) -> None:
    """End and reap adopted orphans: processes whose parent, a child of ours, died before them.

    The end of one hands over its own children, so this looks again until there is none.
    """
    while orphans := [one for one in psutil.Process().children() if one.pid not in known]:
        for orphan in orphans:
            with suppress(psutil.NoSuchProcess, ChildProcessError):
                orphan.kill()
                os.waitpid(orphan.pid, 0)


def kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def describe(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
