"""What a process and its descendants hold and have used, read from /proc. Used by supervision; no Django."""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Reading:
    """Of a process tree; bytes are those of read and write calls, from memory or disk."""

    memory_mb: float = 0.0
    cpu_seconds: float = 0.0
    bytes_read: int = 0
    bytes_written: int = 0


def resident_mb(pid: int) -> float:
    """Resident memory of the process tree under `pid` in MiB; 0 when it is gone."""
    return sum(_pages(member) for member in members(pid)) * PAGE / 2**20


def read(pid: int) -> Reading:
    """Everything about the tree under `pid`; what descendants used counts after their end if they were waited for."""
    found = members(pid)
    moved = [_moved(member) for member in found]
    return Reading(
        memory_mb=sum(_pages(member) for member in found) * PAGE / 2**20,
        cpu_seconds=sum(_ticks(member) for member in found) / TICKS,
        bytes_read=sum(read for read, _ in moved),
        bytes_written=sum(written for _, written in moved),
    )


def members(pid: int) -> list[int]:
    """The process and all that descend from it, parents first."""
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


def _ticks(pid: int) -> int:
    """Its own in user and system mode, and those of children it has waited for."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(int(ticks) for ticks in fields[11:15])


def _moved(pid: int) -> tuple[int, int]:
    try:
        lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    except OSError:
        return 0, 0
    counts = dict(line.split(": ") for line in lines)
    return int(counts.get("rchar", 0)), int(counts.get("wchar", 0))
