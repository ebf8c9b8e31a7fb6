"""How much memory a process and its descendants hold, read from /proc. Used by supervision; no Django."""

import contextlib
import os
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")


def resident_mb(pid: int) -> float:
    """Resident memory of the process tree under `pid` in MiB; 0 when it is gone."""
    return sum(_pages(member) for member in _tree(pid)) * PAGE / 2**20


def _tree(pid: int) -> list[int]:
    found, waiting = [], [pid]
    while waiting:
        member = waiting.pop()
        found.append(member)
        for task in Path(f"/proc/{member}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                waiting.extend(int(child) for child in task.read_text().split())
    return found


def _pages(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
