"""How many predictions of an endpoint this process works on at once; one too many is refused at once.

`predict` enters and leaves. A refusal costs a client some microseconds, a queue without end costs it everything.
"""

from __future__ import annotations

import threading

from mlregistry.errors import Unavailable

QUICK_SECONDS = 0.002
MEMORY = 0.1  # of a new time in the running mean


class Busy(Unavailable):
    """The endpoint's queue is full."""

    code = "busy"


class _Line:
    """Of one endpoint."""

    __slots__ = ("n_inside", "seconds")

    def __init__(self) -> None:
        self.n_inside = 0
        self.seconds = 0.0


class Admission:
    """Lets `most` requests of an endpoint in. One whose answers take less than two milliseconds is never closed:
    its queue is empty again before a client could come back."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._lock = threading.Lock()
        self._lines: dict[int, _Line] = {}

    def enter(self, endpoint_id: int) -> None:
        """Raises Busy when the queue is full; otherwise `leave` must follow."""
        with self._lock:
            line = self._lines.get(endpoint_id)
            if line is None:
                line = self._lines[endpoint_id] = _Line()
            if line.n_inside >= self.most and line.seconds > QUICK_SECONDS:
                raise Busy("This endpoint has more requests than it can answer; try again in a second.")
            line.n_inside += 1

    def leave(self, endpoint_id: int, seconds: float) -> None:
        """`seconds` is how long the request was inside."""
        with self._lock:
            line = self._lines[endpoint_id]
            line.n_inside -= 1
            line.seconds += MEMORY * (seconds - line.seconds)

    def inside(self) -> dict[int, int]:
        """Requests under way, by endpoint."""
        with self._lock:
            return {endpoint_id: line.n_inside for endpoint_id, line in self._lines.items()}
