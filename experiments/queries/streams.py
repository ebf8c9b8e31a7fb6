"""Reads of rows that wait to become a version. Called by the actions on streams and the pages."""

from datetime import timedelta

from django.db.models import Count, Min
from django.utils import timezone

from experiments.models import Dataset, StagedRow
from mlregistry.jobs.models import LIVE, Job

ROLL = "experiments.roll_rows"


def column_types(dataset: Dataset) -> dict[str, str]:
    """Of the newest version, by name; empty before there is one."""
    from_newest = dataset.versions.order_by("-number").values_list("columns", flat=True).first()
    return {column["name"]: column["type"] for column in from_newest or []}


def n_waiting(dataset: Dataset) -> int:
    return StagedRow.objects.filter(dataset=dataset, rolled_at__isnull=True).count()


def due(n_rows: int, waited: timedelta) -> list[Dataset]:
    """Datasets with so many waiting rows, or with one that has waited so long; none whose roll is under way."""
    waiting = StagedRow.objects.filter(rolled_at__isnull=True).values("dataset_id")
    waiting = waiting.annotate(n=Count("id"), first=Min("received_at"))
    late = timezone.now() - waited
    ids = [row["dataset_id"] for row in waiting if row["n"] >= n_rows or row["first"] <= late]
    jobs = Job.objects.filter(kind=ROLL, state__in=LIVE, args__dataset_id__in=ids)
    busy = {args["dataset_id"] for args in jobs.values_list("args", flat=True)}
    return list(Dataset.objects.filter(pk__in=set(ids) - busy).select_related("team"))
