"""What the start page tells of problems and runs. Called by its cards; the number of statements is fixed."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db.models import DateTimeField, OuterRef, Subquery
from django.db.models.functions import Coalesce, Greatest

from experiments.models import Experiment, Problem
from mlregistry import sql_rows
from mlregistry.accounts.models import Team

# Index-range scans, one for each experiment of the team.
WEEK = """
    SELECT (run.started_at AT TIME ZONE 'UTC')::date, run.status, count(*)
    FROM experiments_experiment AS experiment
    CROSS JOIN LATERAL (SELECT started_at, status FROM experiments_run
                        WHERE experiment_id = experiment.id AND lifecycle = 'active' AND started_at >= %(since)s
                        OFFSET 0) AS run
    WHERE experiment.team_id = %(team)s AND experiment.lifecycle = 'active'
    GROUP BY 1, 2
"""


def latest_problems(team: Team, *, most: int) -> list[Problem]:
    """Those with the newest experiment or change first."""
    newest = (
        Experiment.objects.filter(problem=OuterRef("pk")).order_by("-created_at").values("created_at")[:1]
    )
    begun = Subquery(newest, output_field=DateTimeField())
    rows = Problem.objects.filter(team=team).alias(
        busy_at=Greatest(Coalesce(begun, "updated_at"), "updated_at")
    )
    return list(rows.order_by("-busy_at", "-pk")[:most])


def runs_by_day(team: Team, now: datetime, *, days: int) -> list[tuple[date, dict[str, int]]]:
    """The runs that began on each of the last days, by status; the oldest day first."""
    first = (now - timedelta(days=days - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    found: dict[date, dict[str, int]] = {(first + timedelta(days=n)).date(): {} for n in range(days)}
    for day, status, n in sql_rows.fetched(WEEK, {"team": team.pk, "since": first}):
        if day in found:
            found[day][status] = n
    return list(found.items())
