"""`manage.py scheduler`: takes back the jobs of dead workers and enqueues what is due.

One suffices; more do no harm.
"""

import logging
import signal
import threading
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import Error as DatabaseError
from django.db import close_old_connections, connection

from mlregistry.jobs import chores, reaper, schedule
from mlregistry.jobs.actions.workers import Pulse, forget_gone, own_name
from mlregistry.jobs.options import seconds

logger = logging.getLogger(__name__)
PRUNE_SECONDS = 3600


class Command(BaseCommand):
    requires_system_checks = ()  # they would load every view: this process answers no requests
    help = "Requeue jobs whose worker died and enqueue scheduled jobs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="one round, then exit")

    def handle(self, *, once: bool, **options: Any) -> None:
        if once:
            schedule.run_due()
            reaper.sweep()
            chores.Chores().run_due()
            return
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda signum, frame: stopping.set())
        run_until(stopping)


def run_until(stopping: threading.Event) -> None:
    pruned = 0.0
    own = chores.Chores()
    pulse = Pulse("scheduler", name=own_name("/scheduler"))
    while not stopping.is_set():
        pause = seconds("JOB_REAPER_SECONDS")
        try:
            close_old_connections()
            pulse.beat()
            schedule.run_due()
            reaper.sweep()
            own.run_due()
            if time.monotonic() - pruned > PRUNE_SECONDS or not pruned:
                pruned = time.monotonic()
                reaper.prune()
                forget_gone()
        except DatabaseError as error:
            logger.warning("The database does not answer: %s", error)
            connection.close()
            # Workers could not write heartbeats either: give them their lease before any is taken for dead.
            pause = seconds("JOB_LEASE_SECONDS")
        stopping.wait(pause)
    pulse.end()
