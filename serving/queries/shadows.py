"""Rows of the log that a shadow has not seen yet, and how its answers compare with those that were given."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mlregistry.ml.abtests import sequences
from mlregistry.ml.abtests.effects import paired
from mlregistry.ml.abtests.moments import Arm
from mlregistry.sql_rows import fetched
from serving.models import Endpoint, Shadow
from serving.queries import abtest_metrics
from serving.queries.abtest_metrics import LiveMetric
from serving.queries.abtest_units import UNIT

LATE = timedelta(hours=1)  # so long a prediction may take from its answer to the database
ALPHA = 0.05
HORIZON = 10_000
PENDING = """
    SELECT p.request_id::text, p."row", p.input::text, p.at FROM serving_prediction p
    WHERE p.endpoint_id = %s AND p.at >= %s AND p.input <> '{}'::jsonb AND NOT EXISTS (
        SELECT FROM serving_shadowanswer a
        WHERE a.shadow_id = %s AND a.request_id = p.request_id AND a."row" = p."row"
    )
    ORDER BY p.at LIMIT %s
"""
NEWEST = "SELECT * FROM serving_shadowanswer WHERE shadow_id = %(shadow)s ORDER BY id DESC LIMIT 200000"
AGREEMENT = f"""
    SELECT count(*), count(*) FILTER (WHERE a.output ? 'error'),
           count(*) FILTER (WHERE a.output->'prediction' = p.output->'prediction'),
           avg(abs((a.output->>'prediction')::float8 - (p.output->>'prediction')::float8)) FILTER (
               WHERE jsonb_typeof(a.output->'prediction') = 'number'
                 AND jsonb_typeof(p.output->'prediction') = 'number')
    FROM ({NEWEST}) a JOIN serving_prediction p ON p.request_id = a.request_id AND p."row" = a."row"
"""  # noqa: S608 - constants only
# Each row twice, with the answer that was given and with the shadow's; the difference is taken row by row.
PAIRED = """
    WITH answered AS (
        SELECT {unit} AS unit, p.request_id, p."row", p.version_id, p.output AS given, a.output AS shadows,
               CASE WHEN own.at IS NULL OR theirs.at > own.at THEN theirs.truth ELSE own.truth END AS truth
        FROM ({newest}) a
        JOIN serving_prediction p ON p.request_id = a.request_id AND p."row" = a."row"
        LEFT JOIN serving_feedback own
          ON own.endpoint_id = p.endpoint_id AND own.request_id = p.request_id AND own."row" = p."row"
        LEFT JOIN serving_feedback theirs
          ON theirs.endpoint_id = p.endpoint_id AND theirs.request_id = p.client_request_id
         AND theirs."row" = p."row"
        WHERE NOT a.output ? 'error'
    ),
    both_of AS (
        SELECT unit, request_id, "row", -1 AS sign, version_id, given AS output, truth FROM answered
        UNION ALL SELECT unit, request_id, "row", 1, %(version)s, shadows, truth FROM answered
    ),
    graded AS (SELECT unit, request_id, "row", sign, ({value})::float8 AS value FROM both_of WHERE truth IS NOT NULL),
    gaps AS (
        SELECT unit, sum(sign * value) AS gap, sum(value) FILTER (WHERE sign = 1) AS mine,
               sum(value) FILTER (WHERE sign = -1) AS theirs
        FROM graded GROUP BY unit, request_id, "row" HAVING count(value) = 2
    ),
    units AS (SELECT unit, sum(gap) AS s, count(*)::float8 AS m, sum(mine) AS mine, sum(theirs) AS theirs
              FROM gaps GROUP BY unit)
    SELECT count(*), coalesce(sum(s), 0), coalesce(sum(m), 0), coalesce(sum(s * s), 0), coalesce(sum(m * m), 0),
           coalesce(sum(s * m), 0), sum(mine), sum(theirs)
    FROM units
"""


@dataclass(frozen=True)
class ShadowFigures:
    """`improvement` with `low` and `high` is over what was answered, on the same rows; positive is better.

    `n_graded` are the rows whose truth is known."""

    shadow: Shadow
    n: int
    n_errors: int
    agreement: float | None
    mean_gap: float | None
    metric: str
    n_units: int
    value: float | None
    answered_value: float | None
    n_graded: int = 0
    improvement: float | None = None
    low: float | None = None
    high: float | None = None

    def to_json(self) -> dict[str, Any]:
        left_out = {"shadow"}
        plain = {name: value for name, value in vars(self).items() if name not in left_out}
        version = self.shadow.version
        return {
            "name": self.shadow.name, "model": version.model.name, "version": version.number,
            "since": self.shadow.since, "error": self.shadow.error, **plain,
        }  # fmt: skip


def pending(shadow: Shadow, *, limit: int) -> list[tuple[str, int, dict[str, Any], datetime]]:
    """Logged rows without an answer of the shadow, the oldest first: request, row, input, time."""
    start = max(shadow.since, shadow.scored_until - LATE)
    rows = fetched(PENDING, [shadow.endpoint_id, start, shadow.pk, limit])
    return [(request, row, json.loads(text), at) for request, row, text, at in rows]


def figures(endpoint: Endpoint) -> list[ShadowFigures]:
    """One per shadow."""
    rows = Shadow.objects.filter(endpoint=endpoint).select_related("version__model")
    return [figures_of(endpoint, shadow) for shadow in rows]


def figures_of(endpoint: Endpoint, shadow: Shadow) -> ShadowFigures:
    """By the first metric of the endpoint's kind that feedback gives."""
    metrics = [metric for metric in abtest_metrics.of_endpoint(endpoint) if metric.maximize is not None]
    return _figures(shadow, metrics[0] if metrics else None)


def _figures(shadow: Shadow, metric: LiveMetric | None) -> ShadowFigures:
    ((n, n_errors, n_alike, mean_gap),) = fetched(AGREEMENT, {"shadow": shadow.pk})
    sound = n - n_errors
    plain: dict[str, Any] = {
        "shadow": shadow, "n": n, "n_errors": n_errors, "agreement": n_alike / sound if sound else None,
        "mean_gap": mean_gap, "metric": metric.name if metric else "",
    }  # fmt: skip
    if metric is None:
        return ShadowFigures(**plain, n_units=0, value=None, answered_value=None)
    arm, value, answered_value = _compared(shadow, metric)
    found = paired(arm)
    measured: dict[str, Any] = {
        "n_graded": arm.n_predictions, "n_units": arm.n, "value": value, "answered_value": answered_value,
    }  # fmt: skip
    if found is None:
        return ShadowFigures(**plain, **measured)
    improvement = found.estimate if metric.maximize else -found.estimate
    half = found.error * sequences.reach(found.n, alpha=ALPHA, rho=sequences.tuned(HORIZON, ALPHA))
    return ShadowFigures(
        **plain, **measured, improvement=improvement, low=improvement - half, high=improvement + half
    )


def _compared(shadow: Shadow, metric: LiveMetric) -> tuple[Arm, float | None, float | None]:
    values = {"shadow": shadow.pk, "version": shadow.version_id, "outcome": None, "places": "{}"}
    ((n, s, m, ss, mm, sm, mine, theirs),) = fetched(
        PAIRED.format(unit=UNIT, value=metric.sql, newest=NEWEST), values
    )
    arm = Arm(n=int(n), s=s, m=m, ss=ss, mm=mm, sm=sm, n_predictions=int(m))
    return arm, mine / m if m else None, theirs / m if m else None
