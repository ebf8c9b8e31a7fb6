"""Rows of the log that a shadow has not seen yet, and how its answers compare with those that were given."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
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

# A statement about one shadow, asked of several at once.
EACH = """
    SELECT shadow.id, found.* FROM serving_shadow AS shadow CROSS JOIN LATERAL ({statement}) AS found
    WHERE shadow.id = ANY(%(shadows)s)
"""
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
NEWEST = "SELECT * FROM serving_shadowanswer WHERE shadow_id = shadow.id ORDER BY id DESC LIMIT 200000"
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
        UNION ALL SELECT unit, request_id, "row", 1, shadow.version_id, shadows, truth FROM answered
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
    """One per shadow, in as many queries for many as for one."""
    return _figures(endpoint, list(Shadow.objects.filter(endpoint=endpoint).select_related("version__model")))


def figures_of(endpoint: Endpoint, shadow: Shadow) -> ShadowFigures:
    """By the first metric of the endpoint's kind that feedback gives."""
    (found,) = _figures(endpoint, [shadow])
    return found


def _figures(endpoint: Endpoint, shadows: list[Shadow]) -> list[ShadowFigures]:
    if not shadows:
        return []
    metrics = [metric for metric in abtest_metrics.of_endpoint(endpoint) if metric.maximize is not None]
    metric = metrics[0] if metrics else None
    agreements = _each(AGREEMENT, shadows)
    if metric is None:
        return [_agreeing(shadow, agreements[shadow.pk], None) for shadow in shadows]
    graded = _each(PAIRED.format(unit=UNIT, value=metric.sql, newest=NEWEST), shadows)
    return [
        _compared(_agreeing(shadow, agreements[shadow.pk], metric), graded[shadow.pk], metric)
        for shadow in shadows
    ]


def _each(statement: str, shadows: list[Shadow]) -> dict[int, Sequence[Any]]:
    """What the statement says of each shadow, by its key."""
    values = {"shadows": [shadow.pk for shadow in shadows], "outcome": None, "places": "{}"}
    return {key: found for key, *found in fetched(EACH.format(statement=statement), values)}


def _agreeing(shadow: Shadow, found: Sequence[Any], metric: LiveMetric | None) -> ShadowFigures:
    n, n_errors, n_alike, mean_gap = found
    sound = n - n_errors
    return ShadowFigures(
        shadow, n, n_errors, agreement=n_alike / sound if sound else None, mean_gap=mean_gap,
        metric=metric.name if metric else "", n_units=0, value=None, answered_value=None,
    )  # fmt: skip


def _compared(figures: ShadowFigures, graded: Sequence[Any], metric: LiveMetric) -> ShadowFigures:
    n, s, m, ss, mm, sm, mine, theirs = graded
    arm = Arm(n=int(n), s=s, m=m, ss=ss, mm=mm, sm=sm, n_predictions=int(m))
    measured = replace(
        figures, n_graded=arm.n_predictions, n_units=arm.n, value=mine / m if m else None,
        answered_value=theirs / m if m else None,
    )  # fmt: skip
    found = paired(arm)
    if found is None:
        return measured
    improvement = found.estimate if metric.maximize else -found.estimate
    half = found.error * sequences.reach(found.n, alpha=ALPHA, rho=sequences.tuned(HORIZON, ALPHA))
    return replace(measured, improvement=improvement, low=improvement - half, high=improvement + half)
