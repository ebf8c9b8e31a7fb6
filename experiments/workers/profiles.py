"""Makes the profile of a dataset version, in the job's own process; named in settings.JOB_KINDS."""

from typing import Any

from django.db import transaction

from experiments.actions import profiles as actions
from experiments.models import DatasetProfile
from experiments.queries.datasets import local_paths
from mlregistry.errors import NotFound
from mlregistry.jobs.context import JobCancelled, JobContext
from mlregistry.jobs.models import Job
from mlregistry.ml.profiling import building


def build(context: JobContext, *, profile_id: int) -> dict[str, Any]:
    """Returns how many columns and alerts there are; a profile that is there already is not made again."""
    row = _row(profile_id)
    if row.state == "ready":
        return {"n_alerts": row.n_alerts}
    with local_paths(row.version) as parts:
        made = building.profile(parts, target=row.target or None, depth=row.depth, report=context.report)
    with transaction.atomic():
        # A worker that was taken for dead stops here.
        if not Job.objects.select_for_update().filter(pk=context.job_id, attempt=context.attempt).exists():
            raise JobCancelled
        actions.keep_profile(row, made)
    context.log(f"{len(made.columns):,} columns, {len(made.alerts):,} alerts.")
    return {"n_columns": len(made.columns), "n_alerts": row.n_alerts}


def _row(profile_id: int) -> DatasetProfile:
    rows = DatasetProfile.objects.select_related("version__dataset__team", "job")
    found = rows.filter(pk=profile_id).first()
    if found is None:
        raise NotFound("The dataset version is gone, and its profile with it.")
    return found
