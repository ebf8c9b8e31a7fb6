"""rq's worker with the fork server started before it forks; settings.RQ names it for `manage.py rqworker`."""

import contextlib
from typing import Any

from django.db import Error as DatabaseError
from rq import Worker

from . import engines, processes
from .actions.workers import Pulse


class ForkServedWorker(Worker):
    def work(self, *args: Any, **options: Any) -> bool:
        engines.served[:] = self.queue_names()
        processes.start()
        return super().work(*args, **options)

    def heartbeat(self, *args: Any, **options: Any) -> None:
        super().heartbeat(*args, **options)
        with contextlib.suppress(DatabaseError):  # the next one tells
            self._pulse().beat(and_close=True)

    def _pulse(self) -> Pulse:
        if not hasattr(self, "own_pulse"):
            self.own_pulse = Pulse("rq", self.queue_names())
        return self.own_pulse
