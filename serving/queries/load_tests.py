"""Load tests for pages, API and gates, and the rows that a load test replays."""

from typing import Any

from serving.models import Endpoint, LoadTest, Prediction, Variant

MOST_REPLAYED = 200


def newest_of(endpoint: Endpoint, *, limit: int = 10) -> list[LoadTest]:
    """For the endpoint's page, the newest first."""
    rows = LoadTest.objects.filter(endpoint=endpoint).select_related("version__model", "job")
    return list(rows[:limit])


def asks_alone(test: LoadTest) -> bool:
    """Whether all its requests go to its version: then what it measures is said of that version, for gates."""
    asked = Variant.objects.filter(endpoint=test.endpoint_id, weight__gt=0)
    if test.declared.get("variant"):
        asked = asked.filter(name=test.declared["variant"])
    return set(asked.values_list("version_id", flat=True)) == {test.version_id}


def logged_rows(endpoint: Endpoint) -> list[dict[str, Any]]:
    """Inputs of the newest logged predictions; those that were not kept are left out."""
    rows = Prediction.objects.filter(endpoint=endpoint).exclude(input={}).order_by("-at")
    return list(rows.values_list("input", flat=True)[:MOST_REPLAYED])
