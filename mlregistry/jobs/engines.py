"""What settings.py needs to know about the three engines (db, rq, celery).

Plain functions that return settings; importable before Django is set up.
"""

from collections.abc import Sequence
from typing import Any

from mlregistry import env

BACKENDS = {
    "db": "django_tasks_db.DatabaseBackend",
    "rq": "django_tasks_rq.RQBackend",
    "celery": "mlregistry.jobs.celery_backend.CeleryBackend",
}
APPS = {"db": (), "rq": ("django_rq",), "celery": ()}  # 20 MB of Redis client where it is not used
QUEUES = ("default",)
RQ = {"JOB_CLASS": "django_tasks_rq.Job", "WORKER_CLASS": "mlregistry.jobs.rq_worker.ForkServedWorker"}


def tasks_setting(engine: str, *, queues: Sequence[str] = QUEUES) -> dict[str, dict[str, Any]]:
    """Django's TASKS for `engine`; a ValueError that lists the engines when there is no such one."""
    if engine not in BACKENDS:
        raise ValueError(f"MLREGISTRY_TASKS is {engine!r}; it must be one of {', '.join(BACKENDS)}.")
    return {"default": {"BACKEND": BACKENDS[engine], "QUEUES": list(queues)}}


def rq_queues(redis_url: str, *, queues: Sequence[str] = QUEUES) -> dict[str, dict[str, Any]]:
    """RQ_QUEUES. No limit of rq's own: the runner holds each job to the limits of its row."""
    return {name: {"URL": redis_url, "DEFAULT_TIMEOUT": -1, "RESULT_TTL": 600} for name in queues}


def celery_settings(broker_url: str, *, queue: str = QUEUES[0]) -> dict[str, Any]:
    """Celery's own settings. Acknowledged late, one fetched: no message waits behind a busy worker."""
    return {
        "broker_url": broker_url,
        "broker_connection_retry_on_startup": True,
        "task_default_queue": queue,
        "task_ignore_result": True,
        "task_acks_late": True,
        "worker_prefetch_multiplier": 1,
        "worker_hijack_root_logger": False,
        "task_publish_retry_policy": {"max_retries": 2, "interval_start": 0.1, "interval_max": 0.5},
    }


REDIS_URL = env.text("REDIS_URL", "redis://127.0.0.1:6379/0")
RQ_QUEUES = rq_queues(REDIS_URL)
CELERY = celery_settings(env.text("CELERY_BROKER_URL", REDIS_URL))
