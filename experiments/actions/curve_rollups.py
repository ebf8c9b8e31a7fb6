"""Keep the roll-ups of long histories: fold what was logged since into blocks. Called by the scheduler and by readers.

A roll-up holds nothing that the chunks do not; whoever cuts a history drops it under the same lock.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction

from mlregistry.lib import curve_blocks
from mlregistry.lib.curve_blocks import Block, Point
from mlregistry.sql_rows import fetched

FOLD_FROM = 5_000  # points; fewer are read as they are
MOST_RUNS = 100
MOST_CURVES = 200
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('curves ' || %(run)s, 0))"
KNOWN = """
SELECT until_change, points_per_block, blocks FROM experiments_curverollup WHERE run_id = %(run)s AND key = %(key)s
"""
WAITING = """
SELECT COALESCE(sum(n_points), 0), max(change) FROM experiments_metricchunk
WHERE run_id = %(run)s AND key = %(key)s AND change > %(since)s
"""
# Each stretch of the points in the order in which they were logged; of equal extremes the first.
FOLDED = """
WITH placed AS MATERIALIZED (
    SELECT change, timestamps, steps, numbers,
           (sum(n_points) OVER (ORDER BY change ROWS UNBOUNDED PRECEDING) - n_points)::bigint AS before
    FROM experiments_metricchunk
    WHERE run_id = %(run)s AND key = %(key)s AND change > %(since)s AND change <= %(until)s
), points AS MATERIALIZED (
    SELECT change, before + generate_series(0, cardinality(numbers) - 1) AS place, unnest(steps) AS step,
           unnest(timestamps) AS at, unnest(numbers) AS value
    FROM placed
), blocks AS MATERIALIZED (
    SELECT place / %(size)s AS block, count(*) AS n, min(change) AS first, max(change) AS final,
           min(step) AS min_step, max(step) AS max_step, min(at) AS min_at, max(at) AS max_at,
           min(NULLIF(value, 'NaN')) AS low, max(NULLIF(value, 'NaN')) AS high, max(place) AS last
    FROM points GROUP BY 1
)
SELECT min(blocks.n), min(first), min(final), min(min_step), min(max_step), min(min_at), min(max_at),
       min(ARRAY[step, at]) FILTER (WHERE value = low), min(low),
       min(ARRAY[step, at]) FILTER (WHERE value = high), min(high),
       min(ARRAY[step, at]) FILTER (WHERE place = last), min(value) FILTER (WHERE place = last)
FROM points JOIN blocks ON block = place / %(size)s
WHERE value = low OR value = high OR place = last GROUP BY block ORDER BY block
"""
STORE = """
INSERT INTO experiments_curverollup (run_id, key, until_change, points_per_block, blocks)
VALUES (%(run)s, %(key)s, %(until)s, %(size)s, %(blocks)s)
ON CONFLICT (run_id, key) DO UPDATE SET (until_change, points_per_block, blocks) =
    (excluded.until_change, excluded.points_per_block, excluded.blocks)
"""
LONG = """
SELECT chunk.run_id, chunk.key FROM experiments_metricchunk AS chunk
LEFT JOIN experiments_curverollup AS known ON known.run_id = chunk.run_id AND known.key = chunk.key
WHERE chunk.run_id = ANY(%(runs)s::uuid[]) AND chunk.key = ANY(%(keys)s::text[])
  AND chunk.change > COALESCE(known.until_change, -1)
GROUP BY 1, 2 HAVING sum(n_points) >= %(least)s
"""
# Runs that logged of late, and what of them is in no roll-up yet.
DUE = """
WITH active AS (
    SELECT id FROM experiments_run
    WHERE ((status = 'RUNNING' AND job_id IS NULL) OR (status IN ('SCHEDULED', 'RUNNING') AND job_id IS NOT NULL)
           OR (ended_at IS NOT NULL AND ended_at > now() - interval '10 minutes'))
      AND active_at > now() - interval '5 minutes'
    ORDER BY active_at DESC LIMIT %(runs)s
)
SELECT chunk.run_id, chunk.key FROM experiments_metricchunk AS chunk
JOIN active ON active.id = chunk.run_id
LEFT JOIN experiments_curverollup AS known ON known.run_id = chunk.run_id AND known.key = chunk.key
WHERE chunk.change > COALESCE(known.until_change, -1)
GROUP BY 1, 2 HAVING sum(n_points) >= %(least)s ORDER BY sum(n_points) DESC LIMIT %(curves)s
"""


def tend() -> int:
    """Fold what runs logged of late; returns how many curves. The scheduler does it every half minute."""
    due = fetched(DUE, {"runs": MOST_RUNS, "curves": MOST_CURVES, "least": FOLD_FROM})
    return sum(fold(run_id, key) for run_id, key in due)


def ready(run_ids: Iterable[uuid.UUID], keys: Iterable[str]) -> int:
    """Fold those of the curves that would be long to read point by point; returns how many."""
    values = {"runs": [str(run_id) for run_id in run_ids], "keys": list(keys), "least": FOLD_FROM}
    return sum(fold(run_id, key) for run_id, key in fetched(LONG, values))


def fold(run_id: uuid.UUID, key: str) -> bool:
    """Take into the roll-up what was logged since; False when that is too little, or another was quicker."""
    values: dict[str, Any] = {"run": str(run_id), "key": key}
    with transaction.atomic():
        fetched(LOCK, values)
        known = fetched(KNOWN, values)
        since, size, raw = known[0] if known else (-1, 0, b"")
        n_points, until = fetched(WAITING, values | {"since": since})[0]
        if n_points < FOLD_FROM:
            return False
        size = size or curve_blocks.points_per_block(int(n_points))
        blocks = [
            *curve_blocks.unpacked(raw),
            *_folded(values | {"since": since, "until": until, "size": size}),
        ]
        while len(blocks) > curve_blocks.MOST_BLOCKS:
            blocks, size = curve_blocks.fewer(blocks), 2 * size
        stored = values | {"until": until, "size": size, "blocks": curve_blocks.packed(blocks)}
        with connection.cursor() as cursor:
            cursor.execute(STORE, stored)
    return True


def drop(run_id: uuid.UUID) -> None:
    """Forget the run's roll-ups, inside the transaction that changes what they stand for."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, {"run": str(run_id)})
        cursor.execute("DELETE FROM experiments_curverollup WHERE run_id = %s", [str(run_id)])


def _folded(values: dict[str, Any]) -> list[Block]:
    return [
        Block(
            n, first, last, step, to_step, at, to_at, _point(*row[0:2]), _point(*row[2:4]), _point(*row[4:6])
        )
        for n, first, last, step, to_step, at, to_at, *row in fetched(FOLDED, values)
    ]


def _point(at: list[int] | None, value: float | None) -> Point:
    return (0, 0, math.nan) if at is None or value is None else (at[0], at[1], value)
