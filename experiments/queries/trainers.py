"""What pages of trainers show, and what a token of one run may reach. Called by doors."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet

from experiments.models import DatasetVersion, Lifecycle, LoggedModel, Run, Trainer
from experiments.queries.locations import DEFAULT_ID
from mlregistry.accounts.models import Team
from mlregistry.jobs.models import State

KIND = "experiments.run_trainer"
MOST_RUNS = 50
MOST_VERSIONS = 200


def runs_of(trainer: Trainer) -> list[Run]:
    """The active ones, newest first."""
    rows = Run.objects.filter(
        experiment__team=trainer.team_id, job__kind=KIND, job__args__trainer_id=trainer.pk
    )
    rows = rows.filter(lifecycle=Lifecycle.ACTIVE).select_related("experiment", "job")
    return list(rows.order_by("-started_at")[:MOST_RUNS])


def versions_of(team: Team) -> QuerySet[DatasetVersion]:
    """Those that a trainer may be given, by dataset, the newest first."""
    rows = DatasetVersion.objects.filter(dataset__team=team).select_related("dataset")
    return rows.order_by("dataset__name", "-number")[:MOST_VERSIONS]


def is_worked_on(run_id: uuid.UUID) -> bool:
    """Whether the job of the run is running."""
    return Run.objects.filter(pk=run_id, job__state=State.RUNNING).exists()


def lies_in(run_id: uuid.UUID, *, number: str | None = None, name: str | None = None) -> bool:
    """Whether the run is one of the experiment with this id of MLflow's, or with this name."""
    run = Run.objects.select_related("experiment").filter(pk=run_id).first()
    return run is not None and (experiment_id(run) == number or run.experiment.name == name)


def experiment_id(run: Run) -> str:
    """As MLflow's clients know it."""
    return DEFAULT_ID if run.experiment.is_default else str(run.experiment_id)


def made(run_id: uuid.UUID, model_id: uuid.UUID | None) -> bool:
    """Whether the run made this logged model."""
    return model_id is not None and LoggedModel.objects.filter(pk=model_id, source_run=run_id).exists()
