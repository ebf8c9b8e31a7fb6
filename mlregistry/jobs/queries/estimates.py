"""What a job will probably take, from the team's earlier jobs like it. Called by the doors before a start."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mlregistry.accounts.models import Team
from mlregistry.jobs.models import Job, State

FEWEST, MOST = 3, 200
FACTOR = 4  # how much smaller or larger the table of an earlier job may be
FIELDS = ("wall_seconds", "peak_memory_mb", "cost")


@dataclass(frozen=True)
class Range:
    """The median and the 10 % and 90 % quantiles."""

    low: float
    median: float
    high: float


@dataclass(frozen=True)
class Estimate:
    """`state` is estimated or not_enough; then there are fewer than three earlier jobs like it, and no ranges."""

    state: str
    n_jobs: int
    same_parts: bool = False
    seconds: Range | None = None
    memory_mb: Range | None = None
    cost: Range | None = None


def estimate(team: Team, kind: str, *, n_cells: int | None, parts: Sequence[str] = ()) -> Estimate:
    """From jobs of the kind that succeeded, on tables from a quarter to four times as large: those with the same
    parts (such as estimators) if there are enough, else all, with seconds and cost in proportion to their number.
    """
    wanted = sorted(set(parts))
    jobs = Job.objects.filter(team=team, kind=kind, state=State.SUCCEEDED, wall_seconds__gt=0)
    if n_cells is not None:
        jobs = jobs.filter(n_cells__gte=n_cells / FACTOR, n_cells__lte=n_cells * FACTOR)
    newest = jobs.order_by("-created_at").values("parts", *FIELDS)
    same = list(newest.filter(parts=wanted)[:MOST])
    if len(same) >= FEWEST:
        return _ranges(same, [1.0] * len(same), same_parts=True)
    alike = [row for row in newest[:MOST] if not wanted or row["parts"]]
    if len(alike) < FEWEST:
        return Estimate("not_enough", len(alike))
    return _ranges(
        alike, [len(wanted) / len(row["parts"]) if wanted else 1.0 for row in alike], same_parts=False
    )


def _ranges(rows: list[dict[str, Any]], factors: list[float], *, same_parts: bool) -> Estimate:
    return Estimate(
        "estimated",
        len(rows),
        same_parts,
        seconds=_range([row["wall_seconds"] * factor for row, factor in zip(rows, factors, strict=True)]),
        memory_mb=_range([row["peak_memory_mb"] or 0.0 for row in rows]),
        cost=_range([row["cost"] * factor for row, factor in zip(rows, factors, strict=True)]),
    )


def _range(values: list[float]) -> Range:
    tenths = statistics.quantiles(values, n=10, method="inclusive")
    return Range(tenths[0], statistics.median(values), tenths[-1])
