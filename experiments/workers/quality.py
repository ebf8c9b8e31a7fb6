"""The jobs that check a version on its arrival and that start training by the clock; named in settings.JOB_KINDS."""

from typing import Any

from experiments.actions import checking, training_schedules
from experiments.models import DatasetVersion, TrainingSchedule
from mlregistry.errors import NotFound
from mlregistry.jobs import schedule as schedules
from mlregistry.jobs.context import JobContext


def check_version(context: JobContext, *, version_id: int) -> dict[str, Any]:
    """Hold the version to its contract and to the version before."""
    rows = DatasetVersion.objects.select_related("dataset__team")
    version = rows.filter(pk=version_id).first()
    if version is None:
        raise NotFound("The version is gone, so there is nothing to check.")
    found = checking.check_version(version, report=context.report)
    context.log(f"Contract: {found['contract'] or 'none'}; comparison: {found['comparison'] or 'none'}.")
    return found


def scheduled_training(context: JobContext, *, schedule_id: int) -> dict[str, Any]:
    """Start what the schedule names; one that was deleted with its problem or dataset ends here."""
    rows = TrainingSchedule.objects.select_related("problem__team", "dataset", "created_by")
    schedule = rows.filter(pk=schedule_id).first()
    if schedule is None:
        schedules.drop(TrainingSchedule(pk=schedule_id).schedule_name)
        return {"outcome": "gone"}
    done = training_schedules.run_schedule(schedule)
    context.log(done.last_reason)
    return {"outcome": done.last_outcome, "reason": done.last_reason}
