"""The life of a fork: does one piece of work after the other until its caller hangs up. Called by forked alone."""

import ctypes
import gc
import json
import os
import resource
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlregistry.errors import MlregistryError

from .wire import die_with

LONGEST_ERROR = 4000
FORGET_PEAK = "5"  # see proc(5), clear_refs
Send = Callable[[dict[str, Any]], None]
Do = Callable[[Any, Send], None]


def become(do: Do, orders: int, said: int, out: int | None, parent: int) -> None:
    """Never returns: the child ends without cleaning up what belongs to the caller."""
    status = 1
    try:
        die_with(parent)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if out is not None:
            os.dup2(out, 1)
            os.dup2(out, 2)
        send = _sender(said)
        with open(orders, "rb") as lines:
            for line in lines:
                _piece(do, json.loads(line), send)
        status = 0
    finally:
        os._exit(status)


def _sender(said: int) -> Send:
    def send(message: dict[str, Any]) -> None:
        line = json.dumps(message).encode() + b"\n"
        while line:
            line = line[os.write(said, line) :]

    return send


def _piece(do: Do, order: dict[str, Any], send: Send) -> None:
    """Do it, and tell how it ended and what it used; a refusal leaves the fork as good as new."""
    _bound_memory(order["memory_mb"])
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text(FORGET_PEAK)
    known = set(sys.modules)
    error, whole = "", True
    try:
        do(order["piece"], send)
    except BaseException as caught:  # estimators may raise anything
        error = _sentence(caught)
        whole = isinstance(caught, MlregistryError)
        if not whole:
            traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    send({
        "done": error,
        "whole": whole and threading.active_count() == 1,
        "cpu_seconds": _cpu_seconds(),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "modules": sorted(set(sys.modules) - known),
    })  # fmt: skip
    _tidy()


def _tidy() -> None:
    """While the caller is busy with what it was told: give back the memory that the piece has freed."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it
    if trim is not None:
        trim(0)


def _bound_memory(memory_mb: int) -> None:
    """A request beyond the limit fails at once with MemoryError; the watch sees what grows otherwise."""
    held = next(
        int(line.split()[1]) * 1024
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("VmData")
    )
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (held + memory_mb * 2**20, hard))


def _cpu_seconds() -> float:
    """Since the fork, of it and the children that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _sentence(error: BaseException) -> str:
    if isinstance(error, MlregistryError):
        return error.message
    if isinstance(error, MemoryError):
        return "It ran out of memory."
    return "".join(traceback.format_exception_only(error)).strip()[:LONGEST_ERROR]
