"""Figures of an endpoint's prediction log and feedback within a window, for alert rules."""

import json
from collections import defaultdict
from datetime import datetime
from typing import Any

from mlregistry.sql_rows import fetched
from models_app.models import ModelVersion
from serving.models import Endpoint, Feedback
from serving.queries.live import MOST_FEEDBACK, live_metric_of, metrics_of
from serving.queries.truths import predictions_of

NULLS = """
    SELECT count(*), count(*) FILTER (WHERE output->'prediction' = 'null'::jsonb)
    FROM serving_prediction WHERE endpoint_id = %s AND at > %s AND at <= %s
"""
# By the time of the feedback: truth that comes a month late is news all the same.
GRADED = f"""
    SELECT p.version_id, p.output::text, f.truth::text
    FROM (
        SELECT endpoint_id, request_id, "row", truth FROM serving_feedback
        WHERE endpoint_id = %(endpoint)s AND at > %(since)s AND at <= %(until)s
        ORDER BY at DESC LIMIT %(most)s
    ) f {predictions_of("f", "version_id", "output")}
"""  # noqa: S608 - constants only


def null_rate(endpoint: Endpoint, since: datetime, until: datetime) -> tuple[float | None, int]:
    """The share of logged rows that were answered with nothing, and how many rows there were."""
    ((n, n_nulls),) = fetched(NULLS, [endpoint.pk, since, until])
    return (n_nulls / n if n else None), n


def n_feedback(endpoint: Endpoint, since: datetime, until: datetime) -> int:
    """Rows of feedback that came in that time."""
    return Feedback.objects.filter(endpoint=endpoint, at__gt=since, at__lte=until).count()


def live_metric(
    endpoint: Endpoint, since: datetime, until: datetime, *, of: ModelVersion | None = None
) -> tuple[float | None, int]:
    """The problem's metric over the feedback of that time (the newest 100,000), and how many rows it stands on.

    Each version is measured by itself; they count by their rows. `of` leaves the others out.
    """
    name = live_metric_of(endpoint)
    if name is None:
        return None, 0
    values = {"endpoint": endpoint.pk, "since": since, "until": until, "most": MOST_FEEDBACK}
    pairs: dict[int, list[tuple[Any, Any]]] = defaultdict(list)
    for version_id, output, truth in fetched(GRADED, values):
        if of is not None and version_id != of.pk:
            continue
        pairs[version_id].append((json.loads(output), json.loads(truth)))
    versions = ModelVersion.objects.select_related("model").in_bulk(list(pairs))
    measured = [
        (metrics_of(version, pairs[pk]).get(name), len(pairs[pk])) for pk, version in versions.items()
    ]
    known = [(value, n) for value, n in measured if value is not None]
    n_rows = sum(n for _, n in known)
    return (sum(value * n for value, n in known) / n_rows if n_rows else None), n_rows
