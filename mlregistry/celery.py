"""The Celery application: `celery -A mlregistry worker`. Its one task is in jobs/celery_backend.py."""

import contextlib
import os
from functools import lru_cache
from typing import Any

from celery import Celery
from celery.signals import celeryd_after_setup, heartbeat_sent, worker_init
from django.conf import settings
from django.db import Error as DatabaseError
from django.utils.module_loading import import_string

from mlregistry.jobs import engines, processes

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlregistry.settings")

app = Celery("mlregistry")
app.conf.update(settings.CELERY)
app.conf.imports = ["mlregistry.jobs.celery_backend"]


def start_fork_server(**_: Any) -> None:
    """Before the pool forks: what it forks shares the one server."""
    processes.start()


def choose_queues(instance: Any, **_: Any) -> None:
    """Serve the classes of WORKER_CLASSES, unless the command line chose with -Q."""
    queues = instance.app.amqp.queues
    if len(queues.consume_from) == len(settings.JOB_CLASSES):
        queues.select(settings.WORKER_CLASSES)
    engines.served[:] = list(queues.consume_from)


def say_alive(sender: Any, **_: Any) -> None:
    """With Celery's own sign of life; its pool forks, so no connection stays open."""
    with contextlib.suppress(DatabaseError):
        _pulse().beat(and_close=True)


@lru_cache(maxsize=1)
def _pulse() -> Any:
    return import_string("mlregistry.jobs.actions.workers.Pulse")("celery", engines.served)


heartbeat_sent.connect(say_alive)
worker_init.connect(start_fork_server)
celeryd_after_setup.connect(choose_queues)
