"""What stands around logged models: whose they are, their files, their metrics by dataset. Called by the pages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from experiments.models import Artifact, Experiment, Lifecycle, LoggedModel, ModelRole, Run, RunModel
from experiments.queries.logged_models import ModelMetric, latest_metrics

MOST_LISTED = 100


@dataclass(frozen=True, slots=True)
class Measured:
    """The metrics of a model on several datasets: a row per metric, a column per dataset (name, digest)."""

    datasets: list[tuple[str, str]]
    rows: list[tuple[str, list[float | str | None]]]


def newest(experiment: Experiment, limit: int) -> tuple[list[LoggedModel], int]:
    """The newest active ones and how many there are."""
    rows = LoggedModel.objects.filter(experiment=experiment, lifecycle=Lifecycle.ACTIVE)
    found = list(rows.select_related("source_run").order_by("-created_at", "pk")[:limit])
    return found, rows.count()


def made_by(run: Run) -> QuerySet[LoggedModel]:
    """The active ones that the run made, newest first."""
    outputs = RunModel.objects.filter(run=run, role=ModelRole.OUTPUT).values("logged_model")
    mine = Q(source_run=run) | Q(pk__in=outputs)
    rows = LoggedModel.objects.filter(mine, experiment__team=run.experiment.team_id)
    return rows.filter(lifecycle=Lifecycle.ACTIVE).order_by("-created_at", "pk")[:MOST_LISTED]


def files(model: LoggedModel) -> QuerySet[Artifact]:
    """By path."""
    rows = Artifact.objects.filter(logged_model=model, team_id=model.experiment.team_id)
    return rows.select_related("file").order_by("path")


def measured(model: LoggedModel) -> Measured:
    """The latest value of each metric on each dataset."""
    metrics: Sequence[ModelMetric] = latest_metrics([model])[model.pk]
    datasets = sorted({(row.dataset_name, row.dataset_digest) for row in metrics})
    values = {(row.key, (row.dataset_name, row.dataset_digest)): _shown(row) for row in metrics}
    return Measured(datasets, [(key, [values.get((key, on)) for on in datasets]) for key in _keys(metrics)])


def _keys(metrics: Iterable[ModelMetric]) -> list[str]:
    return sorted({row.key for row in metrics})


def _shown(metric: ModelMetric) -> float | str | None:
    return "NaN" if metric.is_nan else metric.value
