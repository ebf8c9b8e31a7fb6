"""What a step of a retraining comes to; the words between `retraining` and its steps."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from mlregistry.jobs.models import Job, State


class What(Enum):
    STAY = "stay"
    ON = "on"
    ASK = "ask"
    PROMOTED = "promoted"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True)
class Move:
    """`text` says what was decided and why; of a step that stays, what it waits for."""

    what: What
    text: str
    details: dict[str, Any] = field(default_factory=dict)


def stay(text: str) -> Move:
    return Move(What.STAY, text)


def on(text: str, **details: Any) -> Move:
    return Move(What.ON, text, details)


def ask(text: str) -> Move:
    """To the approval, whatever the policy says of it."""
    return Move(What.ASK, text)


def promoted(text: str) -> Move:
    return Move(What.PROMOTED, text)


def refused(text: str, **details: Any) -> Move:
    return Move(What.REFUSED, text, details)


def cancelled(text: str) -> Move:
    return Move(What.CANCELLED, text)


def failed(text: str) -> Move:
    return Move(What.FAILED, text)


def of_job(job: Job) -> Move | None:
    """What a job that a step stands on comes to; None when it did what it was to do."""
    if job.is_live:
        return stay(job.message or "It waits for a worker.")
    if job.state == State.SUCCEEDED:
        return None
    if job.state == State.CANCELLED:
        return cancelled("Its job was cancelled.")
    return failed(_last_line(job.error) or "Its job ended without a word.")


def _last_line(error: str) -> str:
    """Of a traceback, what it ends with."""
    return error.strip().rpartition("\n")[2][:1_000]
