"""How often the same test rows were looked at. Called by pages and the API."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from experiments.models import Evaluation, Experiment, Run, TestUse

MOST_SETS = 3


@dataclass(frozen=True)
class Looks:
    """Of one set of test rows; `place` is which of the looks the asking run was, from 1."""

    n: int
    first_run: str
    first_at: datetime
    place: int


@dataclass(frozen=True)
class LooksHere:
    """Of one set of test rows that runs of an experiment looked at; `n` counts those of other experiments too."""

    data: str
    n: int
    n_here: int
    first_run: str
    first_at: datetime


def of_experiment(experiment: Experiment) -> list[LooksHere]:
    """The sets of test rows that most runs of the experiment were measured on, at most three."""
    own = TestUse.objects.filter(run__experiment=experiment)
    counted = own.values("dataset_version_id", "test_digest").annotate(n=Count("pk")).order_by("-n")
    found = []
    for row in counted[:MOST_SETS]:
        same = {"dataset_version_id": row["dataset_version_id"], "test_digest": row["test_digest"]}
        uses = TestUse.objects.filter(**same).select_related("dataset_version__dataset")
        first = uses.order_by("used_at", "pk")[0]
        data = str(first.dataset_version)
        found.append(LooksHere(data, uses.count(), row["n"], first.run_name, first.used_at))
    return found


def looks(run: Run) -> Looks | None:
    """The looks at this run's test rows of the same dataset version, by any run of the team; None without any."""
    found = Evaluation.objects.filter(run=run).values_list("document__test_digest", flat=True).first()
    if found is None or run.dataset_version_id is None:
        return None
    rows = TestUse.objects.filter(dataset_version_id=run.dataset_version_id, test_digest=found)
    first = rows.order_by("used_at", "pk").first()
    if first is None:
        return None
    own = rows.filter(run=run).values_list("used_at", flat=True).first()
    place = rows.filter(used_at__lte=own).count() if own else 0
    return Looks(rows.count(), first.run_name, first.used_at, place)
