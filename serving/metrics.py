"""Metrics that are rows of the database, beside the counts of predictions: registered when the app is ready."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from prometheus_client.core import REGISTRY, CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from serving.hotpath import segments
from serving.metric_families import FAMILIES, MOST_SERIES, Family

logger = logging.getLogger(__name__)
KINDS: dict[str, type[CounterMetricFamily] | type[GaugeMetricFamily]] = {
    "counter": CounterMetricFamily,
    "gauge": GaugeMetricFamily,
}
LOG_BYTES = "mlregistry_prediction_log_waiting_bytes"
LOG_BYTES_HELP = "Bytes of this machine's prediction log that are not shipped and removed yet."


class StateCollector(Collector):
    """Reads rows that every process writes, so any process can answer a scrape for all of them."""

    def describe(self) -> list[Metric]:
        """Nothing is read at registration."""
        return []

    def collect(self) -> Iterator[Metric]:
        for family in FAMILIES:
            yield _collected(family)
        waiting = GaugeMetricFamily(LOG_BYTES, LOG_BYTES_HELP)
        waiting.add_metric([], _waiting_bytes())
        yield waiting


def register() -> None:
    REGISTRY.register(StateCollector())


def _collected(family: Family) -> CounterMetricFamily | GaugeMetricFamily:
    metric = KINDS[family.kind](family.name, family.help, labels=list(family.labels))
    lines = _lines(f"SELECT * FROM ({family.query}) rows LIMIT {MOST_SERIES + 1}")  # noqa: S608 - constants only
    if len(lines) > MOST_SERIES:
        logger.warning("%s has more than %d series; the rest is left out", family.name, MOST_SERIES)
    for *labels, value in lines[:MOST_SERIES]:
        metric.add_metric(labels, float(value))
    return metric


def _lines(query: str) -> list[tuple[Any, ...]]:
    """None while the database is away."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())
    except DatabaseError:
        return []


def _waiting_bytes() -> int:
    found = segments.listing(Path(settings.MLREGISTRY_HOME) / "predictions")
    return sum(segments.used_bytes(segment) for segment in found)
