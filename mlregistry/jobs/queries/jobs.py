"""Lists of jobs, pieces of their logs, places in the queue. Called by the doors; access is checked before."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from mlregistry.accounts.models import Team
from mlregistry.jobs import claiming
from mlregistry.jobs.models import LIVE, Job, JobLog, JobSamples, State
from mlregistry.jobs.options import seconds

MOST_LINES = 1000
MOST_RANKED = 1000
MOST_NAMED = 5


@dataclass(frozen=True)
class Place:
    """Where a waiting job stands in its class: `before` are the nearest of the team's own jobs that go first."""

    position: int
    n_of_others: int
    before: list[Job]


def jobs_of(
    team: Team, *, kind: str = "", state: str = "", person: str = "", live: bool = False
) -> QuerySet[Job]:
    """The team's jobs, newest first; without the columns that can be large."""
    jobs = Job.objects.filter(team=team).select_related("created_by").defer("args", "result", "checkpoint")
    if kind:
        jobs = jobs.filter(kind=kind)
    if state:
        jobs = jobs.filter(state=state)
    if person:
        jobs = jobs.filter(created_by__username=person)
    if live:
        jobs = jobs.filter(state__in=LIVE)
    return jobs.order_by("-created_at", "id")


def choices(team: Team) -> dict[str, list[Any]]:
    """What the list can be filtered by: kinds and people that have jobs."""
    jobs = Job.objects.filter(team=team).order_by()
    people = jobs.exclude(created_by=None).values_list("created_by__username", flat=True)
    return {
        "kinds": sorted(jobs.values_list("kind", flat=True).distinct()),
        "people": sorted(people.distinct()),
    }


def place_of(job: Job) -> Place | None:
    """None for a job that does not wait for a worker now, or stands behind a thousand others."""
    if job.state != State.QUEUED:
        return None
    order = claiming.in_order(job.queue, most=MOST_RANKED)
    if str(job.pk) not in order:
        return None
    first = order[: order.index(str(job.pk))]
    own = {
        str(one.pk): one
        for one in Job.objects.filter(pk__in=first, team=job.team).only("id", "title", "kind")
    }
    before = [own[job_id] for job_id in first if job_id in own]
    return Place(len(first) + 1, len(first) - len(before), before[-MOST_NAMED:])


def others_wait(job_id: str) -> bool:
    """Whether other work of no lower priority has waited in the job's class for longer than a free worker lets it."""
    job = Job.objects.filter(pk=job_id).values("kind", "args", "queue", "priority").first()
    if job is None:
        return False
    since = timezone.now() - timedelta(seconds=3 * seconds("JOB_WORKER_POLL_SECONDS"))
    waiting = Job.objects.filter(state=State.QUEUED, queue=job["queue"], priority__gte=job["priority"])
    waiting = waiting.filter(queued_at__lt=since).exclude(scheduled_at__gt=since)
    return waiting.exclude(kind=job["kind"], args=job["args"]).exists()


def samples_of(job: Job) -> JobSamples | None:
    return JobSamples.objects.filter(job=job).first()


def log_after(job: Job, sequence: int = -1, *, limit: int = MOST_LINES) -> list[JobLog]:
    """Up to `limit` lines after that sequence number; -1 reads from the beginning."""
    lines = JobLog.objects.filter(job=job, sequence__gt=sequence).order_by("sequence")
    return list(lines[: max(0, min(limit, MOST_LINES))])
