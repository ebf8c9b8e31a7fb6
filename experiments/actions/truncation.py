"""Cut the metrics of a run after a step, to go on from a checkpoint. Called by doors."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from experiments.models import Run
from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.lib.names import clean_key

from . import curve_rollups
from .runs import require_active

LEAST_BIGINT, LARGEST_BIGINT = -(2**63), 2**63 - 1
MOST_KEYS = 10_000
# Locks the run, so that no log comes in between; what is read as one document of it is out of date.
LOCK = "UPDATE experiments_run SET changes = changes + 1, active_at = now() WHERE id = %(run)s::uuid"
TOUCHED = """
SELECT chunk.key, sum(point.n) FROM experiments_metricchunk AS chunk
CROSS JOIN LATERAL (SELECT count(*) AS n FROM unnest(chunk.steps) AS step WHERE step > %(after)s) AS point
WHERE chunk.run_id = %(run)s::uuid AND (%(keys)s::text[] IS NULL OR chunk.key = ANY(%(keys)s::text[]))
GROUP BY chunk.key HAVING sum(point.n) > 0
"""
CUT = """
DELETE FROM experiments_metricchunk
WHERE run_id = %(run)s::uuid AND key = ANY(%(touched)s::text[]) AND %(after)s < ALL(steps);
UPDATE experiments_metricchunk AS chunk
SET (timestamps, steps, numbers, first_at, last_at) = (
    SELECT array_agg(timestamp ORDER BY place), array_agg(step ORDER BY place), array_agg(number ORDER BY place),
           min(timestamp), max(timestamp)
    FROM unnest(chunk.timestamps, chunk.steps, chunk.numbers) WITH ORDINALITY AS point(timestamp, step, number, place)
    WHERE step <= %(after)s
)
WHERE run_id = %(run)s::uuid AND key = ANY(%(touched)s::text[]) AND %(after)s < ANY(steps);
DELETE FROM experiments_latestmetric WHERE run_id = %(run)s::uuid AND key = ANY(%(touched)s::text[]);
INSERT INTO experiments_latestmetric
    (run_id, experiment_id, key, step, timestamp, value, is_nan, minimum, maximum)
SELECT %(run)s::uuid, %(experiment)s, latest.key, latest.step, latest.timestamp, latest.value, latest.is_nan,
       extremes.minimum, extremes.maximum
FROM unnest(%(touched)s::text[]) AS wanted(key)
CROSS JOIN LATERAL (
    SELECT key, step, timestamp, value, is_nan FROM experiments_metricpoint
    WHERE run_id = %(run)s::uuid AND key = wanted.key
    ORDER BY step DESC, timestamp DESC, value DESC, is_nan LIMIT 1
) AS latest
CROSS JOIN LATERAL (
    SELECT min(number) FILTER (WHERE number <> 'NaN') AS minimum,
           max(number) FILTER (WHERE number <> 'NaN') AS maximum
    FROM experiments_metricchunk AS chunk, unnest(chunk.numbers) AS number
    WHERE chunk.run_id = %(run)s::uuid AND chunk.key = wanted.key
) AS extremes
"""


def truncate_metrics(
    run: Run, *, after_step: int, keys: Sequence[str] | None = None, by: Actor
) -> dict[str, int]:
    """Remove the points with a greater step, of all metrics or of `keys`; returns how many of each metric.

    A metric with no point left is gone. What was measured of logged models stays: it is their record.
    """
    by.require(Role.EDITOR)
    require_active(run)
    values: dict[str, Any] = {
        "run": str(run.pk),
        "after": _step(after_step),
        "keys": None if keys is None else _keys(keys),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK, values)
        cursor.execute("SELECT experiment_id FROM experiments_run WHERE id = %(run)s::uuid", values)
        (values["experiment"],) = cursor.fetchone()
        cursor.execute(TOUCHED, values)
        removed = {str(key): int(n_points) for key, n_points in cursor.fetchall()}
        if removed:
            cursor.execute(CUT, {**values, "touched": sorted(removed)})
            curve_rollups.drop(run.pk)
        audit.record(
            by, "run.truncate_metrics", run, after_step=after_step, n_points=sum(removed.values()),
            keys=sorted(removed)[:100],
        )  # fmt: skip
    return removed


def _step(step: int) -> int:
    if type(step) is not int or not LEAST_BIGINT <= step <= LARGEST_BIGINT:
        raise Invalid("A step is a whole number of 64 bits.", field="after_step")
    return step


def _keys(keys: Sequence[str]) -> list[str]:
    if len(keys) > MOST_KEYS:
        raise Invalid(f"At most {MOST_KEYS:,} metrics can be named.", field="keys")
    return [clean_key(key, field=f"keys.{place}") for place, key in enumerate(keys)]
