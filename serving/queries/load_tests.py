"""Load tests for pages, API and gates, and the rows that a load test replays."""

from typing import Any

from models_app.models import ModelVersion
from serving.models import Endpoint, LoadTest, Prediction

MOST_REPLAYED = 200


def newest_of(endpoint: Endpoint, *, limit: int = 10) -> list[LoadTest]:
    """For the endpoint's page, the newest first."""
    rows = LoadTest.objects.filter(endpoint=endpoint).select_related("version__model", "job")
    return list(rows[:limit])


def newest_verdict(version: ModelVersion) -> LoadTest | None:
    """The newest ended test of a version that had a goal: its `verdict` is what a gate reads."""
    rows = LoadTest.objects.filter(version=version).exclude(verdict="").exclude(ended_at=None)
    return rows.select_related("endpoint").first()


def logged_rows(endpoint: Endpoint) -> list[dict[str, Any]]:
    """Inputs of the newest logged predictions; those that were not kept are left out."""
    rows = Prediction.objects.filter(endpoint=endpoint).exclude(input={}).order_by("-at")
    return list(rows.values_list("input", flat=True)[:MOST_REPLAYED])
