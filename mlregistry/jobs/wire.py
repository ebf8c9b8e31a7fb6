"""What the fork server and its clients share; small, so that a client loads nothing heavy."""

import contextlib
import os

SOCKET = "socket"
TERMINATE, KILL, PAUSE = b"T", b"K", b"P"


def signal_group(pid: int, number: int) -> None:
    """Signal the session of a job's child; the child alone while it has none yet."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
