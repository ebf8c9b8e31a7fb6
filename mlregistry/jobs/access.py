"""The only way to a job for a door: by its id, within the actor's team."""

import uuid

from mlregistry.accounts.actor import Actor
from mlregistry.errors import NotFound

from .models import Job


def job(by: Actor, job_id: uuid.UUID | str) -> Job:
    try:
        number = uuid.UUID(str(job_id))
    except ValueError:
        number = None
    found = Job.objects.filter(team=by.team, pk=number).first() if number else None
    if found is None:
        raise NotFound(f"There is no job {job_id}.")
    return found
