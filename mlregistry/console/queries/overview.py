"""Jobs, their workers and the web processes, for the console. A fixed number of queries, each by an index."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Min
from django.utils import timezone

from mlregistry.jobs.actions.workers import ALIVE_SECONDS
from mlregistry.jobs.models import LIVE, Job, State, WorkerProcess
from serving.models import ServingWorker

MOST_SHOWN = 15
FAILED_SINCE = timedelta(days=1)
SILENT_AFTER = timedelta(minutes=1)


@dataclass(frozen=True)
class Queue:
    """A resource class; `oldest_at` is since when its first job waits."""

    name: str
    n_waiting: int
    n_running: int
    n_paused: int
    oldest_at: datetime | None


@dataclass(frozen=True)
class Process:
    """A worker or scheduler, with the jobs it runs now."""

    row: WorkerProcess
    is_alive: bool
    jobs: list[Job]


@dataclass(frozen=True)
class Overview:
    """What works and what waits. `strays` run under a worker that gives no sign of life."""

    queues: list[Queue]
    failed: list[Job]
    n_failed: int
    processes: list[Process]
    strays: list[Job]
    web: list[ServingWorker]
    n_waiting: int = field(default=0)
    n_running: int = field(default=0)

    @property
    def workers_alive(self) -> int:
        return sum(one.is_alive for one in self.processes if one.row.engine != "scheduler")

    @property
    def schedulers_alive(self) -> int:
        return sum(one.is_alive for one in self.processes if one.row.engine == "scheduler")


def look(now: datetime | None = None) -> Overview:
    now = now or timezone.now()
    queues = _queues()
    running = list(
        Job.objects.filter(state=State.RUNNING)
        .select_related("team")
        .defer("args", "result", "checkpoint")
        .order_by("started_at")[: 20 * MOST_SHOWN]
    )
    processes = _processes(running, now)
    named = {job.pk for process in processes if process.is_alive for job in process.jobs}
    failed = Job.objects.filter(state=State.FAILED, created_at__gte=now - FAILED_SINCE)
    return Overview(
        queues=queues,
        failed=list(
            failed.select_related("team")
            .defer("args", "result", "checkpoint")
            .order_by("-created_at", "id")[:MOST_SHOWN]
        ),
        n_failed=failed.count(),
        processes=processes,
        strays=[job for job in running if job.pk not in named][:MOST_SHOWN],
        web=list(ServingWorker.objects.filter(seen_at__gte=now - SILENT_AFTER).order_by("name")[:200]),
        n_waiting=sum(queue.n_waiting for queue in queues),
        n_running=sum(queue.n_running for queue in queues),
    )


def _queues() -> list[Queue]:
    rows = (
        Job.objects.filter(state__in=LIVE)
        .order_by()
        .values_list("queue", "state")
        .annotate(n=Count("pk"), oldest=Min("queued_at"))
    )
    found: dict[str, dict[str, tuple[int, datetime]]] = {}
    for queue, state, n, oldest in rows:
        found.setdefault(queue, {})[state] = (n, oldest)
    return [_queue(name, states) for name, states in sorted(found.items())]


def _queue(name: str, states: dict[str, tuple[int, datetime]]) -> Queue:
    counts = {state: states[state][0] if state in states else 0 for state in LIVE}
    waiting = states.get(State.QUEUED)
    return Queue(
        name,
        counts[State.QUEUED],
        counts[State.RUNNING],
        counts[State.PAUSED],
        waiting[1] if waiting else None,
    )


def _processes(running: Iterable[Job], now: datetime) -> list[Process]:
    """A job names its worker by the process's name and a thread."""
    jobs: dict[str, list[Job]] = {}
    for job in running:
        jobs.setdefault(job.worker.rpartition(":")[0], []).append(job)
    oldest = now - timedelta(seconds=ALIVE_SECONDS)
    rows = WorkerProcess.objects.order_by("-beat_at", "name")[:100]
    return [Process(row, row.beat_at >= oldest, jobs.get(row.name, [])) for row in rows]
