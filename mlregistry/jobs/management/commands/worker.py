"""`manage.py worker`: the worker of the engine that MLREGISTRY_TASKS names, two jobs at a time by default."""

import os
import signal
import subprocess
import sys
import threading
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from mlregistry.jobs import processes, runner
from mlregistry.jobs.db_worker import DatabaseWorker
from mlregistry.jobs.engines import BACKENDS
from mlregistry.jobs.management.commands.scheduler import run_until


class Command(BaseCommand):
    requires_system_checks = ()  # they would load every view: this process answers no requests
    help = "Run background jobs with the engine that MLREGISTRY_TASKS names."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--with-scheduler", action="store_true", help="schedule as well, in a thread (engine db only)"
        )
        parser.add_argument("--concurrency", type=int, default=2, help="jobs at a time (default: 2)")
        parser.add_argument(
            "--queue",
            action="append",
            help="a resource class to serve; may be repeated (default: MLREGISTRY_WORKER_CLASSES)",
        )

    def handle(
        self, *, concurrency: int, queue: list[str] | None, with_scheduler: bool, **options: Any
    ) -> None:
        default = settings.TASKS["default"]
        queues = queue or list(settings.WORKER_CLASSES)
        engine = next(name for name, path in BACKENDS.items() if path == default["BACKEND"])
        if with_scheduler and engine != "db":
            raise CommandError("Only the worker of the engine db schedules: start `manage.py scheduler`.")
        scheduler = SchedulerThread() if with_scheduler else None
        if scheduler is not None:
            scheduler.start()
        START[engine](queues, max(1, concurrency))
        if scheduler is not None and scheduler.failed:
            raise CommandError("The scheduler failed; its error stands above.")


class SchedulerThread(threading.Thread):
    """The scheduler's loop beside the worker's. If it fails the worker ends with it and is started again."""

    def __init__(self) -> None:
        super().__init__(name="scheduler", daemon=True)
        self.failed = False

    def run(self) -> None:
        try:
            run_until(runner.stopping)
        except BaseException:
            self.failed = True
            runner.stopping.set()
            raise


def start_db(queues: list[str], n: int) -> None:
    DatabaseWorker(queues=queues, n_slots=n).run()


def start_rq(queues: list[str], n: int) -> None:
    """rq runs one job per process: so many processes around one fork server."""
    processes.start()
    command = [sys.executable, "-m", "django", "rqworker", *queues]
    workers = [subprocess.Popen(command) for _ in range(n)]

    def stop(signum: int, frame: FrameType | None) -> None:
        for worker in workers:
            worker.send_signal(signum)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    for worker in workers:
        worker.wait()


def start_celery(queues: list[str], n: int) -> None:
    """The process becomes Celery's own worker. RabbitMQ tells apart by name those of one machine."""
    command = ["celery", "-A", "mlregistry", "worker", "-Q", ",".join(queues), "--concurrency", str(n)]
    command += ["--hostname", f"mlregistry-{os.getpid()}@%h", "--loglevel", "INFO"]
    os.execv(sys.executable, [sys.executable, "-m", *command])  # noqa: S606 (fixed command)


START = {"db": start_db, "rq": start_rq, "celery": start_celery}
