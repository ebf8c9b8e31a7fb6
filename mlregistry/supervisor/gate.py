"""Gates in the home: `make up` shuts one while it prepares something, its children wait there with all else done.

A gate is a file lock, so it opens when its holder ends in any way; without `make up` it is always open.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DATABASE = "database.gate"  # shut until PostgreSQL answers
PREPARED = "prepared.gate"  # shut until the database and the static files are up to date


@contextmanager
def shut(home: Path, name: str) -> Iterator[None]:
    """Shut the gate, and open it at the end of the block."""
    descriptor = os.open(home / name, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def wait(home: Path, name: str) -> None:
    """Return as soon as the gate is open."""
    descriptor = os.open(home / name, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)
