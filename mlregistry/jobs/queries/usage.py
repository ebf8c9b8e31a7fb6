"""What a team's jobs have used, by month, kind and person. Called by the doors of usage; access is checked before."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, F, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from mlregistry.accounts.models import Team
from mlregistry.errors import Invalid
from mlregistry.jobs.models import Job
from mlregistry.jobs.spending import after_month, month_of

MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
N_MONTHS = 12
COLUMNS = (
    "month", "team", "kind", "person", "n_jobs", "cpu_hours", "gb_hours", "gpu_hours", "wall_hours",
    "bytes_read", "bytes_written", "cost",
)  # fmt: skip


def parsed_month(text: str) -> datetime:
    """The first moment of `2026-11`; of this month when it is empty."""
    if not text:
        return month_of(timezone.now())
    found = MONTH.fullmatch(text)
    if found is None or not 2000 <= int(found[1]) <= 2999:
        raise Invalid(f"month must be like 2026-11, not {text!r}.", field="month")
    return datetime(int(found[1]), int(found[2]), 1, tzinfo=UTC)


def rows(team: Team, start: datetime, end: datetime | None = None) -> list[dict[str, Any]]:
    """One row per month, kind and person, from one month up to another (that month alone when left out)."""
    jobs = Job.objects.filter(team=team, started_at__gte=start, started_at__lt=end or after_month(start))
    found: Iterable[Any] = (
        jobs.order_by()
        .annotate(month=TruncMonth("started_at"))
        .values("month", "kind", person=F("created_by__username"))
        .annotate(
            n_jobs=Count("pk"),
            used_cpu=Sum("cpu_seconds"),
            used_gb=Sum("gb_seconds"),
            used_gpu=Sum("gpu_seconds"),
            used_wall=Sum("wall_seconds"),
            used_read=Sum("bytes_read"),
            used_written=Sum("bytes_written"),
            used_cost=Sum("cost"),
        )
        .order_by("-month", "-used_cost", "-used_cpu", "kind")
    )
    return [_row(team, one) for one in found]


def by(rows: list[dict[str, Any]], column: str) -> list[dict[str, Any]]:
    """The rows summed up over one column, the most expensive first."""
    sums: dict[Any, dict[str, Any]] = {}
    for row in rows:
        into = sums.setdefault(row[column], {column: row[column], **dict.fromkeys(COLUMNS[4:], 0)})
        for name in COLUMNS[4:]:
            into[name] += row[name]
    return sorted(sums.values(), key=lambda row: (-row["cost"], -row["cpu_hours"]))


def months_back(n: int = N_MONTHS) -> list[datetime]:
    """The first moments of the last months, this one last."""
    start, found = month_of(timezone.now()), []
    for _ in range(n):
        found.append(start)
        start = month_of(
            start.replace(year=start.year - (start.month == 1), month=(start.month - 2) % 12 + 1)
        )
    return found[::-1]


def lines(rows: list[dict[str, Any]]) -> Iterator[list[str]]:
    """The rows as cells of a CSV file, its head first."""
    yield list(COLUMNS)
    for row in rows:
        yield [_safe(row[name]) for name in COLUMNS]


def _row(team: Team, one: dict[str, Any]) -> dict[str, Any]:
    hours = {name: (one[f"used_{name}"] or 0.0) / 3600 for name in ("cpu", "gb", "gpu", "wall")}
    return {
        "month": f"{one['month']:%Y-%m}",
        "team": team.slug,
        "kind": one["kind"],
        "person": one["person"] or "",
        "n_jobs": one["n_jobs"],
        **{f"{name}_hours": value for name, value in hours.items()},
        "bytes_read": one["used_read"] or 0,
        "bytes_written": one["used_written"] or 0,
        "cost": one["used_cost"] or 0.0,
    }


def _safe(value: Any) -> str:
    """A spreadsheet takes text that begins like a formula for one."""
    if isinstance(value, float):
        return f"{value:.6f}"
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
