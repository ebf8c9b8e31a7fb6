"""What stands around a run: parent, children, datasets it read, files of its models. Called by its page."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from experiments.models import Artifact, Lifecycle, Run

CONTEXT = "mlflow.data.context"
MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class ReadDataset:
    """A dataset as the client described it, and as what it was read."""

    name: str
    digest: str
    context: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where the code of a run came from, as the client says; "" for what it does not say."""

    name: str = ""
    commit: str = ""


def children(run: Run) -> QuerySet[Run]:
    """The active ones, oldest first."""
    return run.children.filter(lifecycle=Lifecycle.ACTIVE).order_by("started_at", "pk")


def datasets(run: Run) -> list[ReadDataset]:
    rows = run.inputs.select_related("dataset").order_by("pk")[:MOST_SHOWN]
    return [ReadDataset(row.dataset.name, row.dataset.digest, row.tags.get(CONTEXT, "")) for row in rows]


def source(run: Run) -> Source:
    tags = dict(
        run.tags.filter(key__in=["mlflow.source.name", "mlflow.source.git.commit"]).values_list(
            "key", "value"
        )
    )
    return Source(tags.get("mlflow.source.name", ""), tags.get("mlflow.source.git.commit", ""))


def files(run: Run) -> QuerySet[Artifact]:
    """The run's own, then those of the logged models it made, by path."""
    mine = Q(run=run) | Q(logged_model__source_run=run, logged_model__lifecycle=Lifecycle.ACTIVE)
    rows = Artifact.objects.filter(mine, team_id=run.experiment.team_id)
    return rows.select_related("file", "logged_model").order_by("logged_model__name", "logged_model", "path")
