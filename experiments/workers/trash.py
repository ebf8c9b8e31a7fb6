"""The jobs that purge: what an owner chose, or daily what is old; named in settings.JOB_KINDS."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.conf import settings

from experiments.actions import trash
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Team
from mlregistry.jobs import schedule
from mlregistry.jobs.context import JobContext
from mlregistry.jobs.models import Job

OLD = "experiments.purge_old"


def ensure_schedule() -> None:
    """Daily when MLREGISTRY_TRASH_DAYS says how long deleted things are kept. Called by `manage.py prepare`."""
    if settings.TRASH_DAYS:
        schedule.keep(OLD, OLD, title="Empty the trash of what is old", cron="40 3 * * *")
    else:
        schedule.drop(OLD)


def purge(context: JobContext, *, chosen: dict[str, list[Any]] | None) -> dict[str, Any]:
    """With None the whole trash of the job's team; returns what went and what was kept."""
    job = Job.objects.select_related("team", "created_by").get(pk=context.job_id)
    assert job.team is not None  # noqa: S101  # start_purge names it
    if chosen is None:
        done = trash.purge_old(job.team, older_than=timedelta(0), report=context.report, user=job.created_by)
    else:
        by = Actor.system(job.team, user=job.created_by)
        done = trash.purge(trash.from_json(chosen), report=context.report, by=by)
    for line in done.kept:
        context.log(f"Kept: {line}.")
    return asdict(done)


def purge_old(context: JobContext) -> dict[str, int]:
    """All teams, one after the other; returns how many runs and bytes went."""
    n_runs = n_bytes = 0
    teams = list(Team.objects.order_by("pk")) if settings.TRASH_DAYS else []
    for place, team in enumerate(teams):
        context.report(place / len(teams), team.name)
        done = trash.purge_old(team, older_than=timedelta(days=settings.TRASH_DAYS))
        n_runs, n_bytes = n_runs + done.n_runs, n_bytes + done.n_bytes
    return {"n_runs": n_runs, "n_bytes": n_bytes}
