"""`manage.py up`: what `make up` runs."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from mlregistry.supervisor.run import up


class Command(BaseCommand):
    help = "Start the database, the web server, the worker and the scheduler; Ctrl-C stops them."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(up())
