"""Runs a queued job in the calling process, without child, limits or heartbeat: for tests and shells."""

import os
import traceback

from django.conf import settings
from django.utils.module_loading import import_string

from mlregistry.errors import MlregistryError

from . import attempts
from .attempts import Beat, End, Outcome
from .context import JobContext, JobYielded
from .models import Job


def run_here(job: Job, *, alone: bool = False) -> Job:
    """Claim the job, call its function, write its end; returns the row as it then stands.

    `alone`: as if in a process of its own, so that its parts are done in forks, which the calling one must bear.
    """
    attempt = attempts.claim(str(job.pk), worker="inline", pid=os.getpid())
    if attempt is not None:

        def send(changes: dict[str, object]) -> None:
            attempts.beat(attempt, Beat(attempt.first_line, changes=changes))

        context = JobContext(
            job_id=attempt.job_id,
            attempt=attempt.number,
            send=send,
            stopped=lambda: False,
            resumed_from=attempt.checkpoint,
            alone=alone,
        )
        try:
            result = import_string(settings.JOB_KINDS[attempt.kind])(context, **attempt.args)
            outcome = Outcome(End.SUCCEEDED, result=result)
        except JobYielded:
            outcome = Outcome(End.YIELDED)
        except MlregistryError as error:
            outcome = Outcome(End.REFUSED, error=str(error))
        except Exception:
            outcome = Outcome(End.REFUSED, error=traceback.format_exc())
        attempts.finish(attempt, outcome)
    job.refresh_from_db()
    return job
