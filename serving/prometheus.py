"""Counts and latencies of predictions for /metrics, over all processes. Registered when the app is ready."""

from collections.abc import Iterator
from typing import Any

from django.db import Error as DatabaseError
from django.db import connection
from prometheus_client.core import REGISTRY, CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from serving.hotpath.counters import BOUNDS

LABELS = ["team", "endpoint", "variant", "version", "status"]
TOTALS = """
    SELECT t.slug, e.name, c.variant, c.version_id::text, c.status::text, place,
           sum(bucket)::bigint, sum(CASE WHEN place = 1 THEN seconds ELSE 0 END),
           sum(CASE WHEN place = 1 THEN n_rows ELSE 0 END)::bigint
    FROM serving_answercount c
    JOIN serving_endpoint e ON e.id = c.endpoint_id
    JOIN accounts_team t ON t.id = e.team_id
    CROSS JOIN LATERAL unnest(c.histogram) WITH ORDINALITY AS h (bucket, place)
    GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
"""
LOGGED = """
    SELECT t.slug, e.name, sum(greatest(c.n_enqueued, c.n_written + c.n_dropped)), sum(c.n_written), sum(c.n_dropped),
           sum(c.n_refused)
    FROM serving_logcount c
    JOIN serving_endpoint e ON e.id = c.endpoint_id
    JOIN accounts_team t ON t.id = e.team_id
    GROUP BY 1, 2 ORDER BY 1, 2
"""
MODEL = ["team", "model", "version"]
RESCORED = """
    SELECT t.slug, m.name, v.number::text, c.n_rescored, c.n_mismatches
    FROM models_app_compilation c
    JOIN models_app_modelversion v ON v.id = c.version_id
    JOIN models_app_registeredmodel m ON m.id = v.model_id
    JOIN accounts_team t ON t.id = m.team_id
    WHERE c.n_rescored > 0 ORDER BY 1, 2, 3
"""


class PredictionCollector(Collector):
    """Reads the rows that every web process adds to, so any process can answer a scrape for all of them."""

    def describe(self) -> list[Metric]:
        """Nothing is read at registration."""
        return []

    def collect(self) -> Iterator[Metric]:
        rows = CounterMetricFamily("mlregistry_prediction_rows", "Rows in answered requests.", labels=LABELS)
        times = HistogramMetricFamily("mlregistry_prediction_seconds", "Seconds per request.", labels=LABELS)
        for labels, (buckets, seconds, n_rows) in _totals().items():
            rows.add_metric(list(labels), n_rows)
            times.add_metric(list(labels), _cumulative(buckets), seconds)
        yield rows
        yield times
        yield from _rescored()
        yield from _logged()


def register() -> None:
    REGISTRY.register(PredictionCollector())


def _totals() -> dict[tuple[str, ...], tuple[list[int], float, int]]:
    found: dict[tuple[str, ...], tuple[list[int], float, int]] = {}
    for *labels, _place, bucket, seconds, n_rows in _lines(TOTALS):
        buckets, total, n = found.get(tuple(labels), ([], 0.0, 0))
        found[tuple(labels)] = ([*buckets, bucket], total + seconds, n + n_rows)
    return found


def _lines(query: str) -> list[tuple[Any, ...]]:
    """None while the database is away."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())
    except DatabaseError:
        return []


def _rescored() -> Iterator[Metric]:
    """How compiled forms fare on live requests that the native model scored again."""
    scored = CounterMetricFamily(
        "mlregistry_compiled_rescored", "Answers scored again natively.", labels=MODEL
    )
    wrong = CounterMetricFamily("mlregistry_compiled_mismatches", "Answers that differed.", labels=MODEL)
    for *labels, n_rescored, n_mismatches in _lines(RESCORED):
        scored.add_metric(labels, n_rescored)
        wrong.add_metric(labels, n_mismatches)
    yield scored
    yield wrong


def _logged() -> Iterator[Metric]:
    """What became of the rows of the prediction log, and how many requests found a full queue."""
    place = ["team", "endpoint"]
    rows = CounterMetricFamily(
        "mlregistry_prediction_log_rows",
        "Rows handed to the log; enqueued = written + dropped + waiting.",
        labels=[*place, "state"],
    )
    refused = CounterMetricFamily(
        "mlregistry_predictions_refused", "Requests that found a full queue.", labels=place
    )
    for team, endpoint, *amounts, n_refused in _lines(LOGGED):
        for state, amount in zip(("enqueued", "written", "dropped"), amounts, strict=True):
            rows.add_metric([team, endpoint, state], float(amount))
        refused.add_metric([team, endpoint], float(n_refused))
    yield rows
    yield refused


def _cumulative(buckets: list[int]) -> list[tuple[str, float]]:
    names = [*map(str, BOUNDS), "+Inf"]
    sums, total = [], 0
    for name, bucket in zip(names, buckets, strict=False):
        total += bucket
        sums.append((name, float(total)))
    return sums
