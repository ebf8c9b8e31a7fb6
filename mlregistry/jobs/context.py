"""What a job's function is given: progress, log, phases, pause, cancellation. Used in the child process; no Django.

A kind that can be paused calls `checkpoint` at its safe points, where nothing is half done, and stands in
settings.PAUSABLE_JOB_KINDS. What it passes comes back as `resumed_from` in the next attempt, after a pause, a
retry or a worker's death.
"""

import json
from collections.abc import Callable
from typing import Any

MOST_CHECKPOINT_BYTES = 64 * 1024


class JobCancelled(Exception):
    """Raised by `report` once somebody has asked to cancel the job; let it pass through."""


class JobPaused(Exception):
    """Raised by `checkpoint` once somebody has asked to pause the job; let it pass through."""


class JobYielded(Exception):
    """Raised by a long job at a safe point to let others go first: it waits at the end of its line for another turn."""


class JobContext:
    """`job_id` and `attempt` name the execution; write them beside results that must be written once."""

    def __init__(
        self,
        *,
        job_id: str,
        attempt: int,
        send: Callable[[dict[str, Any]], None],
        stopped: Callable[[], bool],
        mark: Callable[[dict[str, Any]], None] = lambda event: None,
        pausing: Callable[[], bool] = lambda: False,
        resumed_from: dict[str, Any] | None = None,
        alone: bool = False,
    ) -> None:
        self.job_id = job_id
        self.attempt = attempt
        self._send = send
        self._stopped = stopped
        self._mark = mark
        self._pausing = pausing
        self.resumed_from = resumed_from
        self.alone = alone  # in a process that is the job's own, which may be forked

    def report(self, fraction: float, message: str = "") -> None:
        """Tell how far the job is, 0 to 1, and what it is doing. Raises JobCancelled when it should stop."""
        if self._stopped():
            raise JobCancelled
        self._send({"progress": min(1.0, max(0.0, float(fraction))), "message": message[:500]})

    def phase(self, name: str) -> None:
        """The work is in another phase from now on; the job's page tells how long each took, by name."""
        self._mark({"phase": name})

    def paused(self) -> bool:
        """True once the job should stop at its next safe point."""
        return self._pausing()

    def checkpoint(self, state: dict[str, Any] | None = None) -> None:
        """A safe point: keep `state` (JSON of up to 64 KiB; None keeps what was kept), then stop here if somebody
        asked for a pause. Raises JobPaused or JobCancelled.
        """
        if self._stopped():
            raise JobCancelled
        if state is not None:
            if len(json.dumps(state, allow_nan=False)) > MOST_CHECKPOINT_BYTES:
                raise ValueError("The state of a checkpoint is larger than 64 KiB.")
            self._mark({"checkpoint": state})
        if self._pausing():
            raise JobPaused

    def inner(self, send: Callable[[dict[str, Any]], None], *, pausing: Callable[[], bool]) -> "JobContext":
        """For a part of the job in a fork: what it tells is sent, and means the same once passed on."""
        return JobContext(
            job_id=self.job_id,
            attempt=self.attempt,
            send=lambda event: send({"told": event}),
            mark=lambda event: send({"marked": event}),
            stopped=lambda: False,  # it is ended from outside
            pausing=pausing,
            resumed_from=self.resumed_from,
        )

    def pass_on(self, message: dict[str, Any]) -> None:
        """Tell as this job's own what an inner context has sent."""
        if "told" in message:
            self._send(message["told"])
        elif "marked" in message:
            self._mark(message["marked"])

    def log(self, text: str) -> None:
        """Add lines to the job's log; `print` and `logging` go there too."""
        print(text, flush=True)

    def cancelled(self) -> bool:
        """True once the job should stop; it is killed some two seconds later."""
        return self._stopped()
