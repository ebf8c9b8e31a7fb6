"""The only task of the queue: run one waiting job, in a child process of its own.

The message of a job only wakes a worker, which takes the best waiting job of its classes. While its own job still
waits it is sent again, so that every waiting job has a message on its way; for one that was taken by another
message, or cancelled, it ends there.
"""

import logging
import os
import signal
import socket
import threading
import time

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.models.functions import Now
from django_tasks import task

from . import attempts, claiming, processes, wake
from .attempts import End, Outcome
from .claiming import Attempt
from .engines import DEFAULT_CLASS, served
from .models import Job
from .options import seconds
from .supervision import Supervision
from .wire import signal_group

logger = logging.getLogger(__name__)
stopping = threading.Event()
LOCKED_SECONDS = 0.2


@task(queue_name=DEFAULT_CLASS)
def run_job(job_id: str, message: int | None = None) -> None:
    line = processes.connect()
    classes = served or settings.WORKER_CLASSES
    attempt = claiming.claim_best(job_id, classes=classes, worker=_name(), pid=os.getpid())
    if attempt is None or attempt.job_id != job_id:
        _hand_on(job_id, message, nothing_taken=attempt is None)
    if attempt is None:
        line.close()
    elif _finish(attempt, _execute(attempt, line)):
        nudge(attempt.job_id, queue=attempt.queue)


def _hand_on(job_id: str, message: int | None, *, nothing_taken: bool) -> None:
    """Send the message again when the job it was for still waits: for a worker that is free.

    Only the last message of a job is; so those that the reaper sends besides do not pile up.
    """
    queue = claiming.queue_of_waiting(job_id, message)
    if queue is not None:
        if nothing_taken:  # somebody holds the row, for a moment
            time.sleep(LOCKED_SECONDS)
        nudge(job_id, queue=queue)


def nudge(job_id: str, *, queue: str) -> None:
    """Send a message for the job. A queue that does not answer is tried again by the reaper."""
    try:
        run_job.using(queue_name=queue).enqueue(job_id, claiming.number_message(job_id))
        wake.notify()
    except Exception:  # every engine has errors of its own; the row is safe, and the reaper sends again
        logger.exception("The queue did not take job %s; the reaper will send it again.", job_id)
        return
    Job.objects.filter(pk=job_id).update(nudged_at=Now())


def _execute(attempt: Attempt, line: socket.socket) -> Outcome:
    path = settings.JOB_KINDS.get(attempt.kind)
    if path is None:
        line.close()
        return Outcome(End.REFUSED, error=f"There is no kind of job named {attempt.kind!r}.")
    request = {"path": path, "job_id": attempt.job_id, "attempt": attempt.number, "args": attempt.args}
    request["checkpoint"] = attempt.checkpoint
    try:
        child = processes.launch(request, connection=line)
    except processes.NoForkServer as error:
        return Outcome(End.FAILED, error=str(error))
    watch = Supervision(attempt, child, stopping=stopping)
    try:
        return watch.run()
    finally:
        if not watch.exit:
            signal_group(child.pid, signal.SIGKILL)
        child.close()


def _finish(attempt: Attempt, outcome: Outcome) -> bool:
    """Write the end, waiting for a database that is away for as long as the lease lasts."""
    deadline = time.monotonic() + seconds("JOB_LEASE_SECONDS")
    while True:
        try:
            return attempts.finish(attempt, outcome)
        except DatabaseError:
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(seconds("JOB_HEARTBEAT_SECONDS"))


def _name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident() % 10_000}"
