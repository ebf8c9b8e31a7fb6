"""How an endpoint answered over time, and what the serving processes took: queries, API and page."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Sum
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from mlregistry.accounts.models import User
from serving import live_routing
from serving.actions import process_loads as load_actions
from serving.actions import retention
from serving.actions.counts import add_counts
from serving.actions.process_loads import Taken, add_load
from serving.hotpath.counters import Key, Tally
from serving.models import AnswerCount, DriftCount, Endpoint, ProcessLoad, Span
from serving.queries import process_loads, traffic_hours
from serving.queries.live import variant_statistics
from serving.web import day_card

Api = Callable[..., APIClient]
Web = Callable[[User], Client]
HOUR = timedelta(hours=1)


def answered(endpoint: Endpoint, variant: str, status: int, n: int, *, bucket: int = 4) -> None:
    """In this hour, as web processes count."""
    version = endpoint.variants.get(name=variant).version_id
    tally = Tally(n_requests=n, n_rows=n, seconds=0.01 * n)
    tally.histogram[bucket] = n
    add_counts({Key(endpoint.pk, variant, version, status): tally})


@pytest.fixture
def busy(endpoint: Endpoint) -> datetime:
    """Two hours of traffic; the hour of the later one."""
    answered(endpoint, "champion", 200, 60)
    answered(endpoint, "champion", 500, 30)
    earlier = timezone.now().replace(minute=0, second=0, microsecond=0) - HOUR
    AnswerCount.objects.update(hour=earlier)
    answered(endpoint, "champion", 200, 90, bucket=7)
    answered(endpoint, "champion", 400, 10)
    answered(endpoint, "challenger", 200, 10)
    champion = endpoint.variants.get(name="champion")
    DriftCount.objects.create(
        endpoint=endpoint, version=champion.version, variant="champion", span=Span.HOUR, at=earlier, n_rows=40,
        n_nulls=10, counters=b"",
    )  # fmt: skip
    return earlier + HOUR


def test_answers_add_up_by_variant_and_hour(endpoint: Endpoint, busy: datetime) -> None:
    champion, challenger = traffic_hours.over_time(endpoint, busy - 3 * HOUR, busy + HOUR, HOUR)
    assert champion.name.startswith("champion, tumour")
    assert (champion.total.n_requests, challenger.total.n_requests) == (190, 10)
    earlier, later = (champion.steps[int(at.timestamp())].figures(3600) for at in (busy - HOUR, busy))
    assert earlier["error_rate"] == pytest.approx(30 / 90)
    assert (earlier["n_rows"], earlier["null_rate"]) == (40, 0.25)
    assert later["error_rate"] == 0
    assert later["mistake_rate"] == pytest.approx(0.1)
    assert earlier["p95_seconds"] < 0.05 < later["p50_seconds"]
    whole = champion.total.figures(7200)
    assert earlier["p50_seconds"] < whole["p95_seconds"] <= later["p99_seconds"]
    both = traffic_hours.over_time(endpoint, busy - 3 * HOUR, busy + HOUR, timedelta(days=1))
    assert sum(len(one.steps) for one in both) <= 4
    assert traffic_hours.over_time(endpoint, busy + HOUR, busy + 2 * HOUR, HOUR) == []


def test_the_api_and_the_page_tell_it(
    endpoint: Endpoint, busy: datetime, vera: User, api: Api, web: Web
) -> None:
    address = f"/api/v1/endpoints/{endpoint.name}/traffic"
    champion = api(vera).get(address).json()[0]
    assert (champion["variant"], champion["model"], champion["version"]) == ("champion", "tumour", 1)
    assert champion["total"]["n_requests"] == 190
    assert [one["n_requests"] for one in champion["steps"]] == [90, 100]
    for asked, words in (("step_hours=0", "1 to 24 hours"), ("step_hours=x", "1 to 24 hours"),
                         ("from=2026-01-01T00:00:00Z&to=2026-05-01T00:00:00Z", "more than 1,000 steps")):  # fmt: skip
        answer = api(vera).get(f"{address}?{asked}")
        assert (answer.status_code, words in answer.json()["detail"]) == (400, True), answer.json()
    shown = web(vera).get(f"/endpoints/{endpoint.name}/monitoring/").content.decode()
    for words in ("from hourly counts", "chart-latency", "chart-throughput", "chart-rates"):
        assert words in shown


def test_processes_are_summed_by_step(endpoint: Endpoint) -> None:
    add_load("a", Taken(5.0, 2.0, 100))
    add_load("a", Taken(5.0, 1.0, 80))
    add_load("b", Taken(10.0, 1.0, 50))
    assert ProcessLoad.objects.get(name="a").memory_bytes == 100
    ProcessLoad.objects.update(at=datetime(2026, 3, 1, 12, tzinfo=UTC), seconds=300)
    since = datetime(2026, 3, 1, tzinfo=UTC)
    step = timedelta(minutes=5)
    (found,) = process_loads.over_time(since, since + timedelta(days=1), step)
    assert found.cores == pytest.approx(4 / 300)
    assert (found.memory_bytes, found.n_processes) == (150, 2)
    assert process_loads.over_time(since, since + timedelta(hours=12, minutes=4), step) == []
    load_actions.forget_old(since + timedelta(days=31))
    assert ProcessLoad.objects.count() == 2
    load_actions.forget_old(since + timedelta(days=33))
    assert not ProcessLoad.objects.exists()


def test_a_serving_process_tells_what_it_took(endpoint: Endpoint) -> None:
    routing = live_routing.here()
    routing.report()
    load = ProcessLoad.objects.get(name=routing.name)
    assert load.memory_bytes > 10_000_000
    assert load.cpu_seconds >= 0


def test_hours_of_long_ago_become_days_and_sums_stay(endpoint: Endpoint, busy: datetime) -> None:
    """Twice, as the day may have begun to fold before: its own row takes the later ones in."""
    day = busy.replace(hour=0) - timedelta(days=100)
    sums = Sum("n_requests"), Sum("n_rows"), Sum("seconds")
    for number, row in enumerate(AnswerCount.objects.order_by("variant", "status", "hour")):
        AnswerCount.objects.filter(pk=row.pk).update(hour=day + number * HOUR)
    before = AnswerCount.objects.aggregate(*sums)
    latencies = _latencies(endpoint)
    for _ in range(2):
        retention.tend(busy)
        assert set(AnswerCount.objects.values_list("hour", flat=True)) == {day}
        assert AnswerCount.objects.count() == 4
        assert AnswerCount.objects.aggregate(*sums) == before
        assert _latencies(endpoint) == latencies
        kept = AnswerCount.objects.get(variant="champion", status=200)
        AnswerCount.objects.filter(pk=kept.pk).update(hour=day + HOUR)
        answered(endpoint, "champion", 200, 0)
        AnswerCount.objects.filter(n_requests=0).update(hour=day)


def _latencies(endpoint: Endpoint) -> list[tuple[Any, ...]]:
    rows = variant_statistics(endpoint)
    return [(row["n_predictions"], row["n_errors"], row["p50_seconds"], row["p95_seconds"]) for row in rows]


def test_the_last_day_is_drawn_by_the_hour(endpoint: Endpoint, busy: datetime, vera: User, web: Web) -> None:
    found = day_card.context(endpoint, busy)
    assert found["figures"]["n_requests"] == 200
    assert found["figures"]["error_rate"] == pytest.approx(30 / 190)
    places = found["requests"].removeprefix("M").split("L")
    assert len(places) == 24
    assert [place for place in places if not place.endswith("27.0")] == places[-2:]
    assert found["check"] is None
    text = web(vera).get(f"/endpoints/{endpoint.name}/").content.decode()
    assert "The last 24 hours" in text
    assert "not looked at yet" in text
