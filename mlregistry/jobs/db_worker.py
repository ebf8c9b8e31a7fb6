"""The worker of the db engine: one process, several slots, each a thread that takes messages and runs jobs.

A NOTIFY wakes the slots at once; they poll besides. Called by the command `worker`.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
import time
from types import FrameType

from django.db import Error as DatabaseError
from django.db import close_old_connections, connection, transaction
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from . import engines, processes, runner, wake
from .actions.workers import Pulse
from .options import seconds

logger = logging.getLogger(__name__)


class DatabaseWorker:
    def __init__(self, *, queues: list[str], n_slots: int) -> None:
        self.queues = queues
        self.pulse = Pulse("db", queues, n_slots=n_slots)
        self.woken = threading.Condition()
        self.slots = [
            threading.Thread(target=self._serve_slot, args=(n,), name=f"slot-{n}", daemon=True)
            for n in range(n_slots)
        ]

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT; running jobs are then stopped and go back to the queue."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        engines.served[:] = self.queues
        processes.announce()
        for slot in self.slots:
            slot.start()
        logger.info("The worker runs %d jobs at a time.", len(self.slots))
        while not runner.stopping.is_set():
            self._listen()
        self._wake()
        for slot in self.slots:
            slot.join(timeout=seconds("JOB_CANCEL_GRACE_SECONDS") + 3.0)
        self.pulse.end()
        processes.forget()

    def _stop(self, signum: int, frame: FrameType | None) -> None:
        runner.stopping.set()

    def _listen(self) -> None:
        try:
            wake.listen()
            while not runner.stopping.is_set():
                self.pulse.beat()
                heard = wake.heard(timeout=0.5)
                if "" in heard:
                    self._wake()
                if wake.SOON in heard:
                    threading.Thread(target=_warm, name="warm", daemon=True).start()
        except DatabaseError:
            connection.close()
            time.sleep(seconds("JOB_WORKER_POLL_SECONDS"))

    def _wake(self) -> None:
        with self.woken:
            self.woken.notify_all()

    def _serve_slot(self, number: int) -> None:
        messages = _messages_of(f"slot-{number}", self.queues)
        while not runner.stopping.is_set():
            try:
                close_old_connections()
                message = self._take(messages.worker_id)
                if message is not None:
                    messages.run_task(message)
                    continue
            except DatabaseError as error:
                logger.warning("The database does not answer: %s", error)
                connection.close()
            with self.woken:
                self.woken.wait(timeout=seconds("JOB_WORKER_POLL_SECONDS"))
        connection.close()

    def _take(self, worker_id: str) -> DBTaskResult[..., None] | None:
        ready = DBTaskResult.objects.ready().filter(backend_name="default", queue_name__in=self.queues)
        with transaction.atomic():
            message = ready.get_locked()
            if message is not None:
                message.claim(worker_id)
        return message


def _warm() -> None:
    """Have the fork server loaded when its next job comes."""
    with contextlib.suppress(processes.NoForkServer):  # the job tells
        processes.connect().close()


def _messages_of(name: str, queues: list[str]) -> Worker:
    """django-tasks-db's own runner of one message; its loop and its signals are not used."""
    return Worker(
        queue_names=queues,
        interval=seconds("JOB_WORKER_POLL_SECONDS"),
        batch=False,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=name,
        excluded_queue_names=[],
    )
