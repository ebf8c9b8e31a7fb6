"""Leaves work that may be left out when its time is up. Called by trainings with little time."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TimeIsUp(BaseException):
    """Passes through what catches every Exception."""


@contextmanager
def until(moment: float | None) -> Iterator[list[float]]:
    """Leaves what is within at `moment` of time.monotonic; the list then holds it. None: never.

    It takes effect between two of Python's own steps, and in the main thread only: elsewhere nothing is left.
    """
    left: list[float] = []
    if moment is None or threading.current_thread() is not threading.main_thread():
        yield left
        return
    armed = [True]

    def ring(signum: int, frame: FrameType | None) -> None:
        if armed:
            raise TimeIsUp

    started, earlier = time.monotonic(), signal.signal(signal.SIGALRM, ring)
    delay, _ = signal.setitimer(signal.ITIMER_REAL, max(0.001, moment - started))
    try:
        try:
            yield left
        finally:
            armed.clear()
    except TimeIsUp:
        left.append(moment)
    finally:
        again = max(0.001, delay - (time.monotonic() - started)) if delay else 0.0
        signal.signal(signal.SIGALRM, earlier)
        signal.setitimer(signal.ITIMER_REAL, again)
