"""Small tasks that need no job of their own, such as one statement a minute. Called by the scheduler's loop.

settings.CHORES names them by dotted path, with the seconds from one time to the next.
"""

import logging
import time

from django.conf import settings
from django.db import Error as DatabaseError
from django.utils.module_loading import import_string

logger = logging.getLogger(__name__)


class Chores:
    """Remembers when each was done last, in this process."""

    def __init__(self) -> None:
        self._done: dict[str, float] = {}

    def run_due(self) -> int:
        """Do what is due, the first time all of it; returns how many. One that fails leaves the others be."""
        now = time.monotonic()
        due = [
            path
            for path, every_seconds in settings.CHORES.items()
            if path not in self._done or now - self._done[path] >= every_seconds
        ]
        for path in due:
            self._done[path] = now
            self._run(path)
        return len(due)

    def _run(self, path: str) -> None:
        try:
            import_string(path)()
        except DatabaseError:
            raise
        except Exception:
            logger.exception("The chore %s failed.", path)
