"""Start the costly drawings of a trained run in the background. Called by every door."""

from django.db import transaction

from experiments.models import Evaluation, Run, RunStatus
from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict
from mlregistry.jobs.models import Job
from mlregistry.jobs.queue import enqueue

from .runs import require_active
from .training import memory_mb

TIMEOUT_SECONDS = 3600


def start_explanation(run: Run, *, by: Actor) -> Job:
    """A job that draws learning curve, partial dependence and Shapley values; the one under way, if there is one."""
    by.require(Role.EDITOR)
    require_active(run)
    if run.status != RunStatus.FINISHED or run.recipe is None or run.dataset_version is None:
        raise Conflict(
            "Only a finished run that was trained here, on data that is still there, can be explained."
        )
    with transaction.atomic():
        evaluation = Evaluation.objects.select_for_update().filter(run=run).first()
        if evaluation is None:
            raise Conflict("The run has no evaluation, so it cannot be explained; train it again.")
        if evaluation.job is not None and evaluation.job.is_live:
            return evaluation.job
        evaluation.job = enqueue(
            "experiments.explain",
            args={"run_id": str(run.pk)},
            team=by.team,
            title=f"Explain {run.name}"[:200],
            memory_mb=memory_mb(run.dataset_version),
            timeout_seconds=TIMEOUT_SECONDS,
            by=by,
        )
        evaluation.save(update_fields=["job"])
        audit.record(by, "run.explain", run, job=str(evaluation.job.pk))
    return evaluation.job
