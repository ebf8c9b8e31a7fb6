"""Keeps a process to one processor. Threads that share an interpreter run one at a time anyway.

When one hands the interpreter to another, a second processor has to be woken for it on each request; on the same one it
is a change of threads. `supervisor.web` keeps each web process so, `hotpath` lets go of it for work without the lock.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_places = threading.BoundedSemaphore(os.cpu_count() or 1)
_everything: frozenset[int] = frozenset()
_own: frozenset[int] = frozenset()


def keep_to_one(place: int) -> None:
    """This process, and the threads that it will start: the processes of neighbouring places get different ones.

    Does nothing where the system has no such call, or one processor.
    """
    global _everything, _own
    if not hasattr(os, "sched_setaffinity"):
        return
    found = sorted(os.sched_getaffinity(0))
    if len(found) > 1:
        _everything, _own = frozenset(found), frozenset({found[place % len(found)]})
        os.sched_setaffinity(0, _own)


@contextmanager
def at_work() -> Iterator[None]:
    """For milliseconds of arithmetic: anywhere, and no more of them at once than there are processors, so that threads
    that read, refuse and answer get their turn. Not to be entered twice by one thread."""
    with _places, any_of_them():
        yield


@contextmanager
def any_of_them() -> Iterator[None]:
    """Lets the calling thread run everywhere meanwhile."""
    if not _own:
        yield
        return
    os.sched_setaffinity(0, _everything)
    try:
        yield
    finally:
        os.sched_setaffinity(0, _own)
