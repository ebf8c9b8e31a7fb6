"""One supervisor per home: a file lock that the kernel frees when its holder ends in any way."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunning(RuntimeError):
    """Another supervisor holds the home; the message says which and where it answers."""


@contextmanager
def held(home: Path, *, url: str) -> Iterator[bool]:
    """Hold the home; yields whether the run before was cut off (its children may still be ending)."""
    descriptor = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = file.read().strip() or "another process"
            raise AlreadyRunning(f"mlregistry is already running on {home}: {holder}") from None
        cut_off = bool(file.read())
        _write(file.fileno(), f"{url} (process {os.getpid()})")
        try:
            yield cut_off
        finally:
            _write(file.fileno(), "")


def _write(descriptor: int, text: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)
