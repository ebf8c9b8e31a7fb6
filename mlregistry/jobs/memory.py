"""How much memory a process and its descendants hold, read from /proc. Used by supervision; no Django."""

import contextlib
import os
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")


def resident_mb(pid: int) -> float:
    """Resident memory of the process tree under `pid` in MiB; 0 when it is gone."""
    return sum(_pages(member) for member in _tree(pid)) * PAGE / 2**20


def members(pid: int) -> list[int]:
    """The process and all that descend from it, parents first."""
    return _tree(pid)


def _tree(pid: int) -> list[int]:
    found, waiting = [], [pid]
    while waiting:
        member = waiting.pop()
        found.append(member)
        waiting.extend(_children(member))
    return found


def _children(pid: int) -> list[int]:
    """Those of all its threads; a process may end while it is looked at."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.scandir(f"/proc/{pid}/task"):
            found += [int(child) for child in Path(task.path, "children").read_text().split()]
    return found


def _pages(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
