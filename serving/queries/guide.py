"""How far a problem is on its first steps, for the guide. A fixed number of statements."""

from __future__ import annotations

from dataclasses import dataclass

from experiments.models import (
    AutoTraining,
    DatasetVersion,
    Experiment,
    Lifecycle,
    Problem,
    Run,
    RunStatus,
)
from experiments.queries import auto_trainings
from mlregistry.accounts.models import Team
from mlregistry.lib.sample_tables import SAMPLES
from models_app.models import ModelVersion, VersionState
from models_app.queries.candidates import best_run
from serving.models import AnswerCount, Endpoint

TITLES = tuple(sample.title for sample in SAMPLES.values())


@dataclass(frozen=True)
class Training:
    """A “Just train it” under way or ended: its phase in a word, 0 to 1 of its time, and why it ended when not well."""

    study_id: int
    phase: str
    share: float
    seconds_left: float
    reason: str
    is_live: bool


@dataclass(frozen=True)
class Standing:
    """What is there of each step; None where it is yet to come."""

    problem: Problem
    version: DatasetVersion | None
    training: Training | None
    n_live: int
    run: Run | None
    model_version: ModelVersion | None
    endpoint: Endpoint | None
    n_answers: int

    @property
    def is_training(self) -> bool:
        return bool(self.n_live or (self.training and self.training.is_live))


def followed(team: Team) -> Problem | None:
    """The problem of a guide that names none: the newest sample, or the newest at all while nothing is served."""
    own = Problem.objects.filter(team=team).order_by("-pk")
    sample = own.filter(name__in=TITLES).first()
    if sample is not None or Endpoint.objects.filter(team=team).exists():
        return sample
    return own.first()


def standing(problem: Problem) -> Standing:
    versions = DatasetVersion.objects.filter(dataset__problem=problem).select_related("dataset")
    auto = AutoTraining.objects.filter(study__problem=problem).select_related("study", "job", "chosen")
    newest = auto.order_by("-study_id").first()
    training = _training(newest) if newest else None
    runs = Run.objects.filter(problem=problem, lifecycle=Lifecycle.ACTIVE)
    n_live = runs.filter(status__in=(RunStatus.RUNNING, RunStatus.SCHEDULED), job__isnull=False).count()
    models = ModelVersion.objects.filter(model__problem=problem, state=VersionState.READY).select_related(
        "model"
    )
    endpoint = Endpoint.objects.filter(problem=problem).order_by("-pk").first()
    answered = (
        AnswerCount.objects.filter(endpoint=endpoint, status=200) if endpoint else AnswerCount.objects.none()
    )
    return Standing(
        problem,
        versions.order_by("-pk").first(),
        training,
        n_live,
        _best(problem, newest, training),
        models.order_by("-pk").first(),
        endpoint,
        sum(answered.values_list("n_requests", flat=True)[:1_000]),
    )


def _training(auto: AutoTraining) -> Training:
    where = auto_trainings.standing(auto)
    share = min(1.0, where.seconds_used / auto.seconds) if auto.seconds else 1.0
    return Training(auto.study_id, where.phase, share, where.seconds_left, where.reason, where.is_live)


def _best(problem: Problem, auto: AutoTraining | None, training: Training | None) -> Run | None:
    """What the training chose once it has ended; the best of the newest experiment where nothing chose."""
    if auto is not None and training is not None:
        return None if training.is_live else auto.chosen
    experiment = (
        Experiment.objects.filter(problem=problem, lifecycle=Lifecycle.ACTIVE).order_by("-pk").first()
    )
    return best_run(experiment) if experiment else None
