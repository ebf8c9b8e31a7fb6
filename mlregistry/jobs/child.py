"""The life of one job's process, from the fork to its end. Called by the fork server alone."""

import ctypes
import json
import logging
import os
import random
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import numpy
from django.db import close_old_connections
from django.utils.module_loading import import_string

from mlregistry.errors import MlregistryError

from .context import JobCancelled, JobContext, JobPaused, JobYielded
from .wire import die_with

PR_SET_CHILD_SUBREAPER = 36
CLIENT_ERRORS = range(400, 429)


def run(request: dict[str, Any], *, log: int, events: int, parent: int) -> int:
    """Become the job's own process, do the work, tell the outcome; returns the exit status."""
    stopped, paused = threading.Event(), threading.Event()
    _settle(log=log, parent=parent, stopped=stopped, paused=paused)
    send = _sender(events)
    try:
        work = import_string(request["path"])
        context = JobContext(
            job_id=request["job_id"],
            attempt=request["attempt"],
            send=send,
            mark=send,
            stopped=stopped.is_set,
            pausing=paused.is_set,
            resumed_from=request["checkpoint"],
            alone=True,
        )
        send({"result": work(context, **request["args"])})
        return 0
    except JobCancelled:
        return 1
    except JobPaused:
        send({"paused": True})
        return 0
    except JobYielded:
        send({"yielded": True})
        return 0
    except BaseException as error:
        traceback.print_exc()
        send({"error": _sentence(error), "permanent": _is_permanent(error)})
        return 1
    finally:
        _flush()


def _settle(*, log: int, parent: int, stopped: threading.Event, paused: threading.Event) -> None:
    """A session of its own, death with the fork server, default signals, output into the log pipe."""
    os.setsid()
    die_with(parent)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    # When memory runs out the kernel should take the job, not the worker or the database.
    Path("/proc/self/oom_score_adj").write_text("1000")

    def stop(signum: int, frame: FrameType | None) -> None:
        stopped.set()

    def pause(signum: int, frame: FrameType | None) -> None:
        paused.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGUSR1, pause)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    # Forks of one process share NumPy's global state; Python's own is renewed by the fork.
    numpy.random.seed(int.from_bytes(os.urandom(4), "big"))
    random.seed()
    close_old_connections()


def _sender(events: int) -> Callable[[dict[str, Any]], None]:
    lock = threading.Lock()

    def send(event: dict[str, Any]) -> None:
        line = json.dumps(event, allow_nan=False).encode() + b"\n"
        with lock:
            while line:
                line = line[os.write(events, line) :]

    return send


def _sentence(error: BaseException) -> str:
    if isinstance(error, MlregistryError):
        return str(error)
    if isinstance(error, MemoryError):
        return "It ran out of memory (MemoryError)."
    return "".join(traceback.format_exception_only(error)).strip()[:4000]


def _is_permanent(error: BaseException) -> bool:
    """A mistake in what was asked for fails the same way each time: no second attempt."""
    return isinstance(error, MlregistryError) and error.status in CLIENT_ERRORS


def _flush() -> None:
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
