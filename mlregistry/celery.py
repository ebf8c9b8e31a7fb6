"""The Celery application: `celery -A mlregistry worker`. Its one task is in jobs/celery_backend.py."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init
from django.conf import settings

from mlregistry.jobs import processes

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlregistry.settings")

app = Celery("mlregistry")
app.conf.update(settings.CELERY)
app.conf.imports = ["mlregistry.jobs.celery_backend"]


def start_fork_server(**_: Any) -> None:
    """Before the pool forks: what it forks shares the one server."""
    processes.start()


worker_init.connect(start_fork_server)
