"""What the fork server, its clients and its children share; small, so that a client loads nothing heavy."""

import contextlib
import ctypes
import os
import selectors
import signal

CHUNK = 1 << 16
PR_SET_PDEATHSIG = 1
SOCKET = "socket"
TERMINATE, KILL, PAUSE = b"T", b"K", b"P"


def die_with(parent: int) -> None:
    """Have the kernel end this fork when `parent` ends; at once if it is gone already."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def signal_group(pid: int, number: int) -> None:
    """Signal the session of a job's child; the child alone while it has none yet."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def read_chunk(selector: selectors.BaseSelector, file: int) -> bytes:
    """What there is to read, empty when nothing came yet or the writer is gone; then the selector forgets the file."""
    try:
        data = os.read(file, CHUNK)
    except BlockingIOError:
        return b""
    if not data:
        selector.unregister(file)
    return data
