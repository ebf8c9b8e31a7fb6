"""What a job's function is given: progress, log, cancellation. Used in the child process; no Django."""

from collections.abc import Callable
from typing import Any


class JobCancelled(Exception):
    """Raised by `report` once somebody has asked to cancel the job; let it pass through."""


class JobContext:
    """`job_id` and `attempt` name the execution; write them beside results that must be written once."""

    def __init__(
        self,
        *,
        job_id: str,
        attempt: int,
        send: Callable[[dict[str, Any]], None],
        stopped: Callable[[], bool],
    ) -> None:
        self.job_id = job_id
        self.attempt = attempt
        self._send = send
        self._stopped = stopped

    def report(self, fraction: float, message: str = "") -> None:
        """Tell how far the job is, 0 to 1, and what it is doing. Raises JobCancelled when it should stop."""
        if self._stopped():
            raise JobCancelled
        self._send({"progress": min(1.0, max(0.0, float(fraction))), "message": message[:500]})

    def log(self, text: str) -> None:
        """Add lines to the job's log; `print` and `logging` go there too."""
        print(text, flush=True)

    def cancelled(self) -> bool:
        """True once the job should stop; it is killed some two seconds later."""
        return self._stopped()
