"""Training by the clock: make, change, delete schedules, and what one does when its time comes."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from experiments.models import Dataset, DatasetVersion, Problem, TrainingSchedule
from experiments.queries import quality
from mlregistry.accounts import audit
from mlregistry.accounts.actions import deletions
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import KeptDeletion, Role
from mlregistry.errors import Conflict, Invalid, MlregistryError
from mlregistry.jobs import cron as cron_lines
from mlregistry.jobs import schedule as schedules

from . import alerts, training

KIND = "experiments.scheduled_training"
MOST_PER_PROBLEM = 20
Outcome = TrainingSchedule.Outcome


def create_schedule(
    problem: Problem, dataset: Dataset, *, cron: str, recipes: Sequence[Mapping[str, Any]], by: Actor
) -> TrainingSchedule:
    """Train the recipes for the problem on the newest version of the dataset, at the times of the cron line."""
    by.require(Role.EDITOR)
    if dataset.team_id != by.team.pk or problem.team_id != by.team.pk:
        raise Invalid(f"There is no such dataset in {by.team.name}.", field="dataset")
    line = _checked_cron(cron)
    parsed = training.parsed_recipes(problem.kind, recipes)
    with transaction.atomic():
        locked = Problem.objects.select_for_update().get(pk=problem.pk)
        if locked.training_schedules.count() >= MOST_PER_PROBLEM:
            raise Conflict(f"A problem has at most {MOST_PER_PROBLEM} schedules.", field="problem")
        schedule = TrainingSchedule.objects.create(
            problem=problem,
            dataset=dataset,
            recipes=[recipe.to_json() for recipe in parsed],
            cron=line,
            created_by=by.user,
        )
        _keep(schedule)
        audit.record(by, "training.schedule", problem, dataset=dataset.name, cron=line)
    return schedule


def update_schedule(
    schedule: TrainingSchedule, *, cron: str | None = None, enabled: bool | None = None, by: Actor
) -> TrainingSchedule:
    """Another rhythm, or pause and go on."""
    by.require(Role.EDITOR)
    if cron is not None:
        schedule.cron = _checked_cron(cron)
    if enabled is not None:
        schedule.enabled = enabled
    with transaction.atomic():
        schedule.save(update_fields=["cron", "enabled"])
        _keep(schedule)
        audit.record(
            by, "training.change_schedule", schedule.problem, cron=schedule.cron, enabled=schedule.enabled
        )
    return schedule


def delete_schedule(schedule: TrainingSchedule, *, by: Actor) -> KeptDeletion | None:
    """With its rhythm."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        audit.record(by, "training.unschedule", schedule.problem, dataset=schedule.dataset.name)
        rhythm = schedules.kept(schedule.schedule_name)
        return deletions.delete(schedule, "training schedule", also=rhythm, by=by)


def run_schedule(schedule: TrainingSchedule) -> TrainingSchedule:
    """Start the training, or refuse and keep the reason; a version that was trained on is left alone."""
    by = Actor.system(schedule.problem.team, user=schedule.created_by)
    version = (
        DatasetVersion.objects.filter(dataset=schedule.dataset_id)
        .select_related("dataset__team")
        .order_by("-number")
        .first()
    )
    if version is None:
        return _note(schedule, Outcome.REFUSED, "The dataset has no version yet.")
    if version.pk == schedule.last_version_id:
        return _note(schedule, Outcome.UNCHANGED, f"v{version.number} was trained on already.")
    reasons = quality.unscheduled_reasons(version)
    if reasons and quality.is_waiting(version):  # the next time will know more: nothing to alert about
        return _note(schedule, Outcome.REFUSED, reasons[0])
    if reasons:
        return _refuse(schedule, version, reasons, by)
    try:
        experiment, _, _ = training.start_training(schedule.problem, version, recipes=schedule.recipes, by=by)
    except MlregistryError as error:
        return _refuse(schedule, version, [error.message], by)
    schedule.last_version, schedule.last_experiment = version, experiment
    alerts.close_all(schedule.dataset, "schedule", problem=schedule.problem, by=None)
    return _note(schedule, Outcome.STARTED, f"Training on v{version.number} has started.")


def _refuse(
    schedule: TrainingSchedule, version: DatasetVersion, reasons: list[str], by: Actor
) -> TrainingSchedule:
    more = f" And {len(reasons) - 1} more." if len(reasons) > 1 else ""
    text = f"Scheduled training on v{version.number} was refused. {reasons[0]}{more}"
    alerts.raise_alert(version, "schedule", text, problem=schedule.problem, by=by)
    audit.record(by, "training.scheduled_refused", schedule.problem, version=str(version), reasons=reasons)
    return _note(schedule, Outcome.REFUSED, text)


def _note(schedule: TrainingSchedule, outcome: str, reason: str) -> TrainingSchedule:
    schedule.last_at, schedule.last_outcome, schedule.last_reason = timezone.now(), outcome, reason
    fields = ["last_at", "last_outcome", "last_reason", "last_version", "last_experiment"]
    schedule.save(update_fields=fields)
    return schedule


def _checked_cron(line: str) -> str:
    text = " ".join(str(line).split())
    if len(text) > 100:
        raise Invalid("A cron line has at most 100 characters.", field="cron")
    cron_lines.parse(text).after(timezone.now())
    return text


def _keep(schedule: TrainingSchedule) -> None:
    schedules.keep(
        schedule.schedule_name,
        KIND,
        args={"schedule_id": schedule.pk},
        title=f"Scheduled training for {schedule.problem}",
        team=schedule.problem.team,
        cron=schedule.cron,
        enabled=schedule.enabled,
    )
