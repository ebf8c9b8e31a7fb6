"""`manage.py up`: becomes the supervisor, which then holds no Django in memory."""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Start the database, the web server, the worker and the scheduler; Ctrl-C stops them."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        os.execv(sys.executable, [sys.executable, "-m", "mlregistry.supervisor"])  # noqa: S606  # fixed command
