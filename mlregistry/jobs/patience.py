"""Waits for a database that is away for a while, such as during its restart. Called by job kinds."""

import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

AWAY = (OperationalError, InterfaceError)
AWAY_SECONDS = 120.0
ASK_AGAIN_SECONDS = 0.5
Found = TypeVar("Found")


def patiently(ask: Callable[[], Found]) -> Found:
    """Ask until the database answers, for two minutes; what is asked must bear being done twice."""
    deadline = time.monotonic() + AWAY_SECONDS
    while True:
        try:
            return ask()
        except AWAY:
            if connection.in_atomic_block:
                raise
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(ASK_AGAIN_SECONDS)
