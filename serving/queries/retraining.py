"""Reads of retraining: the policy, the open attempt, those of the past, the champion. For actions, API and pages."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from experiments.models import DatasetVersion
from experiments.queries import budgets
from mlregistry.jobs.models import Job
from models_app.models import ModelVersion
from models_app.queries.model_tests import newest_run
from serving.models import (
    Endpoint,
    Retraining,
    RetrainingPolicy,
    RetrainingState,
    RetrainingStep,
    StepName,
    Variant,
)

LINKS = (
    "endpoint__team", "endpoint__problem", "champion__model", "challenger__model", "run", "study", "test", "shadow",
    "dataset_version__dataset", "original_version__dataset", "created_by", "decided_by", "held_out",
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """One field of the strip of steps; `step` is None for what is still to come."""

    name: str
    title: str
    step: RetrainingStep | None

    @property
    def state(self) -> str:
        return self.step.state if self.step else "to come"


def policy_of(endpoint: Endpoint) -> RetrainingPolicy | None:
    rows = RetrainingPolicy.objects.select_related("endpoint__team", "endpoint__problem")
    return rows.prefetch_related("channels").filter(endpoint=endpoint).first()


def open_of(endpoint: Endpoint) -> Retraining | None:
    return retrainings_of(endpoint).filter(ended_at=None).first()


def last_of(endpoint: Endpoint) -> Retraining | None:
    """The newest one that has ended."""
    return Retraining.objects.filter(endpoint=endpoint, ended_at__isnull=False).first()


def retrainings_of(endpoint: Endpoint) -> QuerySet[Retraining]:
    return Retraining.objects.filter(endpoint=endpoint).select_related(*LINKS).prefetch_related("steps__job")


def champion_of(endpoint: Endpoint) -> Variant | None:
    """The variant with most of the traffic."""
    rows = Variant.objects.filter(endpoint=endpoint).select_related(
        "version__model", "version__run__dataset_version__dataset__team"
    )
    return rows.order_by("-weight", "position").first()


def original_of(endpoint: Endpoint, champion: ModelVersion) -> DatasetVersion | None:
    """The rows of before all retraining: those that the champion was trained on, or, where a retraining of this
    endpoint made it, those that this one began with."""
    made = Retraining.objects.filter(endpoint=endpoint, challenger=champion).order_by("-pk").first()
    if made is not None and made.original_version is not None:
        return made.original_version
    return champion.run.dataset_version if champion.run is not None else None


def strip(retraining: Retraining) -> list[Place]:
    """All steps in order, those to come too."""
    steps = {step.name: step for step in retraining.steps.all()}
    names = [
        name
        for name in StepName
        if name != StepName.APPROVING or retraining.wants("approval") or name in steps
    ]
    return [Place(name.value, str(name.label), steps.get(name.value)) for name in names]


def job_of(step: RetrainingStep) -> Job | None:
    """The job that the step waits for: its own, that of its training, or that of the model's tests."""
    retraining = step.retraining
    if step.name == StepName.TRAINING and retraining.run is not None:
        return retraining.run.job
    if step.name == StepName.TESTING and retraining.challenger is not None:
        tests = newest_run(retraining.challenger)
        return tests.job if tests is not None else None
    return step.job


def seconds_left(step: RetrainingStep) -> float | None:
    """Of the step, where its job can tell."""
    study = step.retraining.study
    if step.name == StepName.TRAINING and study is not None and study.is_open:
        return budgets.seconds_left(study)
    job = job_of(step)
    return job.eta_seconds if job is not None and job.is_live else None


def counts_from(policy: RetrainingPolicy) -> datetime:
    """Since when triggers count: the beginning of the last retraining, or of the policy."""
    last = last_of(policy.endpoint)
    return max(last.started_at, policy.declared_at) if last else policy.declared_at


def rests_until(policy: RetrainingPolicy) -> datetime | None:
    """Until when no trigger counts after the last retraining, however it ended."""
    last = last_of(policy.endpoint)
    return (
        None
        if last is None or last.ended_at is None
        else last.ended_at + timedelta(hours=policy.cooldown_hours)
    )


TONES: dict[str, str] = {
    RetrainingState.RUNNING: "live", RetrainingState.WAITING: "warn", RetrainingState.PROMOTED: "good",
    RetrainingState.REFUSED: "", RetrainingState.CANCELLED: "", RetrainingState.FAILED: "bad",
}  # fmt: skip
