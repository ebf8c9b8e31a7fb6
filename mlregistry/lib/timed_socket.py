"""A socket under one deadline for a whole conversation, however slowly the other side drips.

Called by `mlregistry.outgoing`, which hands it to http.client.
"""

from __future__ import annotations

import io
import socket
import time
from typing import Any

SLICE = 65_536


class Deadline:
    """So many seconds from now on."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """The seconds that are left; TimeoutError when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        return left


class TimedSocket:
    """What http.client needs of a socket. `close` leaves the line to its owner, who is still reading."""

    def __init__(self, line: socket.socket, clock: Deadline) -> None:
        self._line = line
        self._clock = clock

    def makefile(self, mode: str, *options: Any) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._line, self._clock))

    def sendall(self, data: bytes) -> None:
        view = memoryview(data)
        for start in range(0, len(view), SLICE):
            self._line.settimeout(self._clock.left())
            self._line.sendall(view[start : start + SLICE])

    def close(self) -> None:
        """Nothing: the owner closes the line."""


class _Reader(io.RawIOBase):
    def __init__(self, line: socket.socket, clock: Deadline) -> None:
        self._line = line
        self._clock = clock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._line.settimeout(self._clock.left())
        return self._line.recv_into(buffer)
