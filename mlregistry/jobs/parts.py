"""One part of a job in a fork of the job's own process, with its own limits. Called by kinds whose parts fail alone."""

import mmap
import os
from collections.abc import Callable
from typing import Any

from django.db import OperationalError, connections

from . import forked
from .context import JobCancelled, JobContext, JobPaused
from .forked import Limits, Send
from .memory import resident_mb
from .patience import AWAY

CANCELLED = "cancelled"
SPARE_MB = 64
LEAST_MB = 128


def left_of(memory_mb: int) -> int:
    """What a fork may take so that job and fork, which share what the job holds now, stay within the job's limit."""
    return max(LEAST_MB, int(memory_mb - 2 * resident_mb(os.getpid()) - SPARE_MB))


def run_part(
    context: JobContext,
    work: Callable[[JobContext], None],
    limits: Limits,
    *,
    over: Callable[[], str | None] = lambda: None,
) -> str:
    """Why the part was stopped or broke down; nothing when it ended by itself. Pause and cancel pass through.

    A text from `over`, asked ten times a second, stops it for that reason.

    A job that runs without a process of its own does the part itself, without limits.
    """
    if not context.alone:
        work(context)
        return ""
    connections.close_all()  # a line to the database has one end here
    said: dict[str, Any] = {}

    def hear(message: dict[str, Any]) -> None:
        said.update({name: message[name] for name in ("paused", "away") if name in message})
        context.pass_on(message)

    with mmap.mmap(-1, 1) as pausing:

        def tick() -> str | None:
            pausing[0] = context.paused()
            return CANCELLED if context.cancelled() else over()

        ended = forked.run(_in_fork(context, work, pausing), limits=limits, hear=hear, tick=tick)
    if ended.reason == CANCELLED:
        raise JobCancelled
    if "away" in said:
        raise OperationalError(said["away"])
    if "paused" in said:
        raise JobPaused
    return ended.problem


def _in_fork(
    context: JobContext, work: Callable[[JobContext], None], pausing: mmap.mmap
) -> Callable[[Send], None]:
    def run(send: Send) -> None:
        try:
            work(context.inner(send, pausing=lambda: bool(pausing[0])))
        except JobPaused:
            send({"paused": True})
        except AWAY as error:
            send({"away": str(error)})
        finally:
            connections.close_all()

    return run
