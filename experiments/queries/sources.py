"""Reads around sources: their refreshes, which are jobs. Called by doors and actions."""

from django.db.models import QuerySet

from experiments.models import DataSource
from mlregistry.jobs.models import LIVE, Job

REFRESH = "experiments.refresh_source"


def refreshes(source: DataSource) -> QuerySet[Job]:
    """Newest first."""
    rows = Job.objects.filter(team=source.team, kind=REFRESH, args__source_id=source.pk)
    return rows.order_by("-created_at")


def live_refresh(source: DataSource) -> Job | None:
    return refreshes(source).filter(state__in=LIVE).first()


def schedule_name(source: DataSource) -> str:
    return f"source-{source.pk}"
