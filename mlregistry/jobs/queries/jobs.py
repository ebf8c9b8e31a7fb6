"""Lists of jobs and pieces of their logs. Called by the doors; access is checked before."""

from django.db.models import QuerySet

from mlregistry.accounts.models import Team
from mlregistry.jobs.models import LIVE, Job, JobLog

MOST_LINES = 1000


def jobs_of(team: Team, *, kind: str = "", state: str = "", live: bool = False) -> QuerySet[Job]:
    """The team's jobs, newest first; without the columns that can be large."""
    jobs = Job.objects.filter(team=team).select_related("created_by").defer("args", "result")
    if kind:
        jobs = jobs.filter(kind=kind)
    if state:
        jobs = jobs.filter(state=state)
    if live:
        jobs = jobs.filter(state__in=LIVE)
    return jobs.order_by("-created_at", "id")


def log_after(job: Job, sequence: int = -1, *, limit: int = MOST_LINES) -> list[JobLog]:
    """Up to `limit` lines after that sequence number; -1 reads from the beginning."""
    lines = JobLog.objects.filter(job=job, sequence__gt=sequence).order_by("sequence")
    return list(lines[: max(0, min(limit, MOST_LINES))])
