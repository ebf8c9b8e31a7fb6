"""The job experiments.roll_rows: makes a version of the rows that were sent; named in settings.JOB_KINDS."""

from typing import Any

from experiments.actions import streams as actions
from experiments.models import Dataset
from mlregistry.accounts.actor import Actor
from mlregistry.errors import NotFound
from mlregistry.jobs.context import JobContext


def roll(context: JobContext, *, dataset_id: int) -> dict[str, Any]:
    """Returns the number of the newest version made, and how many were."""
    dataset = Dataset.objects.select_related("team").filter(pk=dataset_id).first()
    if dataset is None:
        raise NotFound("The dataset is gone.")
    numbers: list[int] = []
    while (version := actions.roll(dataset, by=Actor.system(dataset.team))) is not None:
        numbers.append(version.number)
        context.report(0.5, f"Version {version.number} with {version.n_rows:,} rows")
    context.report(1.0, f"{len(numbers)} versions" if numbers else "No rows waited")
    return {"versions": numbers}
