"""Histories of metrics to draw: few enough points for a chart, with every extreme. Called through queries.runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

from experiments.models import Run
from mlregistry.errors import Invalid
from mlregistry.lib.floats import shown

MOST_POINTS = 25_000
POINTS_PER_BUCKET = 3
MOST_SORTED = 50_000
TOTAL = """
SELECT COALESCE(sum(cardinality(steps)), 0) FROM experiments_metricchunk WHERE run_id = %(run)s AND key = %(key)s
"""
# Sorted once; each stretch then gives its least, greatest and last point by aggregates, the first of equals.
SORTED = """
WITH numbered AS MATERIALIZED (
    SELECT *, place * %(buckets)s / total AS bucket FROM (
        SELECT *, row_number() OVER () - 1 AS place, count(*) OVER () AS total
        FROM (
            SELECT DISTINCT ON (point.step, point.timestamp, value, is_nan) point.step, point.timestamp,
                   CASE WHEN point.number = 'NaN' THEN 0 ELSE point.number END AS value,
                   point.number = 'NaN' AS is_nan
            FROM experiments_metricchunk AS chunk
            CROSS JOIN LATERAL unnest(chunk.timestamps, chunk.steps, chunk.numbers)
                AS point(timestamp, step, number)
            WHERE chunk.run_id = %(run)s AND chunk.key = %(key)s
            ORDER BY point.step, point.timestamp, value, is_nan
        ) AS points
    ) AS counted
), extremes AS (
    SELECT bucket, min(value) FILTER (WHERE NOT is_nan) AS least, max(value) FILTER (WHERE NOT is_nan) AS most,
           max(place) AS last
    FROM numbered WHERE total > %(most)s GROUP BY bucket
), chosen AS (
    SELECT unnest(ARRAY[min(place) FILTER (WHERE value = least AND NOT is_nan),
                        min(place) FILTER (WHERE value = extremes.most AND NOT is_nan), min(last)]) AS place
    FROM numbered JOIN extremes USING (bucket) GROUP BY bucket
)
SELECT step, timestamp, value, is_nan FROM numbered
WHERE total <= %(most)s OR place IN (SELECT place FROM chosen)
ORDER BY place
"""
# The same for a history that is too long to sort: the stretches are cut in the order in which it was logged,
# which for nearly all is that of the steps; only what was chosen is sorted. The latest point is known anyhow.
# Points come out of the arrays in the list of columns, where PostgreSQL passes them on one by one.
STREAMED = """
WITH placed AS MATERIALIZED (
    SELECT timestamps, steps, numbers, (sum(n) OVER (ORDER BY change ROWS UNBOUNDED PRECEDING) - n)::bigint AS before
    FROM (
        SELECT change, timestamps, steps, numbers, cardinality(steps) AS n
        FROM experiments_metricchunk WHERE run_id = %(run)s AND key = %(key)s
    ) AS chunks
), numbered AS (
    SELECT before + generate_series(0, cardinality(numbers) - 1) AS place, NULLIF(unnest(numbers), 'NaN') AS value
    FROM placed
), extremes AS MATERIALIZED (
    SELECT place * %(buckets)s / %(total)s AS bucket, min(value) AS least, max(value) AS most, max(place) AS last
    FROM numbered GROUP BY bucket
), points AS (
    SELECT before + generate_series(0, cardinality(numbers) - 1) AS place, unnest(timestamps) AS timestamp,
           unnest(steps) AS step, unnest(numbers) AS value
    FROM placed
), firsts AS (
    SELECT min(ARRAY[step, timestamp]) FILTER (WHERE value = least) AS low, min(least) AS least,
           min(ARRAY[step, timestamp]) FILTER (WHERE value = most) AS high, min(most) AS most,
           min(ARRAY[step, timestamp]) FILTER (WHERE place = last) AS final,
           min(value) FILTER (WHERE place = last) AS last
    FROM points JOIN extremes ON bucket = place * %(buckets)s / %(total)s
    WHERE value = least OR value = most OR place = last GROUP BY bucket
), chosen AS (
    SELECT at[1] AS step, at[2] AS timestamp, CASE WHEN number = 'NaN' THEN 0 ELSE number END AS value,
           number = 'NaN' AS is_nan
    FROM firsts CROSS JOIN LATERAL (VALUES (low, least), (high, most), (final, last)) AS point(at, number)
    WHERE at IS NOT NULL
    UNION
    SELECT step, timestamp, value, is_nan FROM experiments_latestmetric WHERE run_id = %(run)s AND key = %(key)s
)
SELECT step, timestamp, value, is_nan FROM chosen ORDER BY step, timestamp, value, is_nan
"""


@dataclass(frozen=True)
class Point:
    """One point of a history; `value` None stands for NaN."""

    step: int
    timestamp: int
    value: float | None


def history(run: Run, key: str, *, max_points: int = 1000) -> list[Point]:
    """The metric's points in order; of a long history the least, greatest and last of each stretch."""
    if not POINTS_PER_BUCKET <= max_points <= MOST_POINTS:
        raise Invalid(f"max_points lies between {POINTS_PER_BUCKET} and {MOST_POINTS:,}.", field="max_points")
    values: dict[str, Any] = {"run": str(run.pk), "key": key, "most": max_points}
    values["buckets"] = max_points // POINTS_PER_BUCKET
    with connection.cursor() as cursor:
        cursor.execute(TOTAL, values)
        values["total"] = int(cursor.fetchone()[0])
        cursor.execute(SORTED if values["total"] <= MOST_SORTED else STREAMED, values)
        rows = cursor.fetchall()[-max_points:]
        return [Point(step, at, shown(value, is_nan)) for step, at, value, is_nan in rows]
