"""Cancel a job, run a finished one again. Called by every door."""

from django.db import transaction
from django.utils import timezone

from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict
from mlregistry.jobs.models import Job, State
from mlregistry.jobs.queue import send

AGAIN = (State.FAILED, State.CANCELLED)


def cancel(job: Job, *, by: Actor) -> Job:
    """A queued job is cancelled at once; a running one is asked to stop and is killed soon after."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job.pk)
        if not job.is_live:
            raise Conflict(f"The job has ended already: it is {job.get_state_display().lower()}.")
        now = timezone.now()
        job.cancel_requested_at = job.cancel_requested_at or now
        if job.state == State.QUEUED:
            job.state, job.finished_at, job.message = State.CANCELLED, now, "Cancelled"
        job.save(update_fields=["cancel_requested_at", "state", "finished_at", "message"])
        audit.record(by, "job.cancel", job)
    return job


def retry(job: Job, *, by: Actor) -> Job:
    """Queue a failed or cancelled job again, with all its attempts before it."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job.pk)
        if job.state not in AGAIN:
            raise Conflict(f"Only a failed or cancelled job can run again; this one is {job.state.lower()}.")
        Job.objects.filter(pk=job.pk).update(
            state=State.QUEUED,
            n_tries=0,
            progress=0.0,
            message="",
            error="",
            result=None,
            cancel_requested_at=None,
            scheduled_at=None,
            nudged_at=None,
            started_at=None,
            finished_at=None,
        )
        job.refresh_from_db()
        audit.record(by, "job.retry", job)
        send(job)
    return job
