"""Train a run once more, with the same seed, recipe, problem and data, to see whether the same comes out.

Called by every door.
"""

from django.db import transaction

from experiments.models import Lifecycle, Provenance, Run, RunStatus, Trial
from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict
from mlregistry.jobs.queue import enqueue

from .runs import require_active
from .training import memory_mb

TIMEOUT_SECONDS = 3600


def run_again(run: Run, *, by: Actor) -> Run:
    """A new run beside the old one, to be trained by a job; Conflict says what stands against it."""
    by.require(Role.EDITOR)
    require_active(run)
    origin = _origin(run)
    version = run.dataset_version
    if version is None:
        raise Conflict("The data that the run was trained on was deleted, so it cannot be run again.")
    with transaction.atomic():
        again = Run.objects.create(
            experiment=run.experiment,
            name=f"{run.name[:480]} again",
            status=RunStatus.SCHEDULED,
            estimator=run.estimator,
            is_baseline=run.is_baseline,
            recipe=run.recipe,
            problem=run.problem,
            dataset_version=version,
            created_by=by.user,
        )
        Provenance.objects.create(run=again, spec=origin.spec, again_of=run)
        again.job = enqueue(
            "experiments.train",
            args={"run_ids": [str(again.pk)]},
            team=by.team,
            title=f"Run {run.name[:250]} again",
            memory_mb=max(memory_mb(version), run.job.memory_mb if run.job else 0),
            timeout_seconds=max(TIMEOUT_SECONDS, run.job.timeout_seconds if run.job else 0),
            n_cells=version.n_rows * version.n_columns,
            parts=[run.estimator],
            by=by,
        )
        again.save(update_fields=["job"])
        audit.record(by, "run.again", again, of=str(run.pk), job=str(again.job.pk))
    return again


def _origin(run: Run) -> Provenance:
    if run.recipe is None:
        raise Conflict("Only a run that was trained here can be run again; this one was logged from code.")
    if Trial.objects.filter(run=run).exists():
        raise Conflict("A trial is measured by its study on folds alone; run the study's best run again.")
    found = Provenance.objects.filter(run=run).first()
    if run.status != RunStatus.FINISHED or found is None or not found.facts:
        raise Conflict("Only a run that has finished, and kept what it came from, can be run again.")
    if run.experiment.lifecycle != Lifecycle.ACTIVE:
        raise Conflict("The experiment is deleted; restore it first.")
    if run.problem is None:
        raise Conflict("The run's problem was deleted, so it cannot be run again.")
    return found
