"""rq's worker with the fork server started before it forks; settings.RQ names it for `manage.py rqworker`."""

from typing import Any

from rq import Worker

from . import engines, processes


class ForkServedWorker(Worker):
    def work(self, *args: Any, **options: Any) -> bool:
        engines.served[:] = self.queue_names()
        processes.start()
        return super().work(*args, **options)
