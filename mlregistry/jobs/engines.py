"""What settings.py needs to know about the three engines (db, rq, celery).

Plain functions that return settings; importable before Django is set up.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mlregistry import env

BACKENDS = {
    "db": "django_tasks_db.DatabaseBackend",
    "rq": "django_tasks_rq.RQBackend",
    "celery": "mlregistry.jobs.celery_backend.CeleryBackend",
}
APPS = {"db": (), "rq": ("django_rq",), "celery": ()}  # 20 MB of Redis client where it is not used
CLASSES = "cpu=16384,bigmem=131072,gpu=65536/1"
DEFAULT_CLASS = "cpu"
RQ = {"JOB_CLASS": "django_tasks_rq.Job", "WORKER_CLASS": "mlregistry.jobs.rq_worker.ForkServedWorker"}


@dataclass(frozen=True)
class JobClass:
    """What the machines of one resource class offer a job."""

    memory_mb: int
    n_gpus: int = 0


def job_classes(text: str) -> dict[str, JobClass]:
    """`cpu=16384,gpu=65536/1`: name, MB of memory for one job, GPUs. The class cpu must be among them."""
    found = {}
    for entry in text.split(","):
        name, _, offer = entry.strip().partition("=")
        memory, _, gpus = offer.partition("/")
        if not (name.isidentifier() and len(name) <= 50 and memory.isdigit() and (gpus or "0").isdigit()):
            raise env.EnvironmentMistake(
                f"MLREGISTRY_JOB_CLASSES must be like {CLASSES}: name=MB of memory/GPUs; {entry!r} is not"
            )
        found[name] = JobClass(int(memory), int(gpus or 0))
    if DEFAULT_CLASS not in found:
        raise env.EnvironmentMistake(f"MLREGISTRY_JOB_CLASSES must name the class {DEFAULT_CLASS}")
    return found


def worker_classes(text: str, known: Iterable[str]) -> list[str]:
    """The classes of which a worker on this machine takes jobs: those named, or all."""
    wanted = [name.strip() for name in text.split(",") if name.strip()] or list(known)
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        raise env.EnvironmentMistake(
            f"MLREGISTRY_WORKER_CLASSES names {', '.join(unknown)}; there are {', '.join(known)}"
        )
    return wanted


JOB_CLASSES = job_classes(env.text("MLREGISTRY_JOB_CLASSES", CLASSES))
WORKER_CLASSES = worker_classes(env.text("MLREGISTRY_WORKER_CLASSES"), JOB_CLASSES)
QUEUES = tuple(JOB_CLASSES)
served: list[str] = []  # the classes that the worker of this process was started for, once it knows


def tasks_setting(engine: str, *, queues: Sequence[str] = QUEUES) -> dict[str, dict[str, Any]]:
    """Django's TASKS for `engine`; a ValueError that lists the engines when there is no such one."""
    if engine not in BACKENDS:
        raise ValueError(f"MLREGISTRY_TASKS is {engine!r}; it must be one of {', '.join(BACKENDS)}.")
    return {"default": {"BACKEND": BACKENDS[engine], "QUEUES": list(queues)}}


def rq_queues(redis_url: str, *, queues: Sequence[str] = QUEUES) -> dict[str, dict[str, Any]]:
    """RQ_QUEUES. No limit of rq's own: the runner holds each job to the limits of its row."""
    return {name: {"URL": redis_url, "DEFAULT_TIMEOUT": -1, "RESULT_TTL": 600} for name in queues}


def celery_settings(broker_url: str, *, queues: Sequence[str] = QUEUES) -> dict[str, Any]:
    """Celery's own settings. Acknowledged late, one fetched: no message waits behind a busy worker.

    Sender and worker must declare a queue alike; RabbitMQ would else close the line of a job that takes
    longer than half an hour.
    """
    week = 7 * 24 * 3600 * 1000
    return {
        "broker_url": broker_url,
        "broker_connection_retry_on_startup": True,
        "task_default_queue": queues[0],
        "task_queues": {name: {"queue_arguments": {"x-consumer-timeout": week}} for name in queues},
        "task_ignore_result": True,
        "task_acks_late": True,
        "worker_prefetch_multiplier": 1,
        "worker_hijack_root_logger": False,
        "task_publish_retry_policy": {"max_retries": 2, "interval_start": 0.1, "interval_max": 0.5},
    }


REDIS_URL = env.text("REDIS_URL", "redis://127.0.0.1:6379/0")
RQ_QUEUES = rq_queues(REDIS_URL)
CELERY = celery_settings(env.text("CELERY_BROKER_URL", REDIS_URL))
