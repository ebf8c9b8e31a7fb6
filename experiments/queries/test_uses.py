"""How often the same test rows were looked at. Called by pages and the API."""

from dataclasses import dataclass
from datetime import datetime

from experiments.models import Evaluation, Run, TestUse


@dataclass(frozen=True)
class Looks:
    """Of one set of test rows; `place` is which of the looks the asking run was, from 1."""

    n: int
    first_run: str
    first_at: datetime
    place: int


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
