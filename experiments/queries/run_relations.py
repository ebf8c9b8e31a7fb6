"""What stands around a run: parent, children, datasets it read, files of its models. Called by its page."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from experiments.models import Artifact, Lifecycle, Run
from mlregistry.lib import tag_names

MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class ReadDataset:
    """A dataset as the client described it, and as what it was read."""

    name: str
    digest: str
    context: str


@dataclass(frozen=True, slots=True)
class Children:
    """The first active child runs, oldest first, each with its own `n_children`, and how many there are."""

    runs: Sequence[Run]
    n_runs: int


def children(run: Run) -> Children:
    """Those of the run, two queries at most."""
    mine = run.children.filter(lifecycle=Lifecycle.ACTIVE)
    below = Count("children", filter=Q(children__lifecycle=Lifecycle.ACTIVE))
    found = list(mine.annotate(n_children=below).order_by("started_at", "pk")[:MOST_SHOWN])
    return Children(found, mine.count() if len(found) == MOST_SHOWN else len(found))


def datasets(run: Run) -> list[ReadDataset]:
    rows = run.inputs.select_related("dataset").order_by("pk")[:MOST_SHOWN]
    return [
        ReadDataset(row.dataset.name, row.dataset.digest, row.tags.get(tag_names.DATA_CONTEXT, ""))
        for row in rows
    ]


def files(run: Run) -> QuerySet[Artifact]:
    """The run's own, then those of the logged models it made, by path."""
    mine = Q(run=run) | Q(logged_model__source_run=run, logged_model__lifecycle=Lifecycle.ACTIVE)
    rows = Artifact.objects.filter(mine, team_id=run.experiment.team_id)
    return rows.select_related("file", "logged_model").order_by("logged_model__name", "logged_model", "path")
