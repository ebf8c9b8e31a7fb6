"""The SQL behind logging: params, metric points and tags of one run, each kind in one round trip.

Called by actions.logging alone, with clean keys and values.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from experiments.models import Run
from mlregistry.lib import floats

# The second statement sees what others committed while the first one waited for them.
PARAMS = """
INSERT INTO experiments_param (run_id, experiment_id, key, value)
SELECT %(run)s, %(experiment)s, key, value
FROM unnest(%(keys)s::text[], %(values)s::text[]) AS given(key, value)
ORDER BY key
ON CONFLICT (run_id, key) DO NOTHING;
SELECT param.key, param.value
FROM unnest(%(keys)s::text[], %(values)s::text[]) AS given(key, value)
JOIN experiments_param AS param ON param.run_id = %(run)s AND param.key = given.key
WHERE param.value <> given.value
ORDER BY param.key
"""
METRICS = """
WITH given AS (
    SELECT * FROM unnest(%(keys)s::text[], %(steps)s::bigint[], %(timestamps)s::bigint[],
                         %(values)s::float8[], %(nans)s::boolean[])
    AS given(key, step, timestamp, value, is_nan)
), points AS (
    INSERT INTO experiments_metricpoint (run_id, key, step, timestamp, value, is_nan)
    SELECT %(run)s, key, step, timestamp, value, is_nan FROM given ORDER BY key, step, timestamp, value
    ON CONFLICT DO NOTHING
)
INSERT INTO experiments_latestmetric AS latest (run_id, experiment_id, key, step, timestamp, value, is_nan)
SELECT DISTINCT ON (key) %(run)s, %(experiment)s, key, step, timestamp, value, is_nan
FROM given ORDER BY key, step DESC, timestamp DESC, value DESC, is_nan
ON CONFLICT (run_id, key) DO UPDATE
SET step = excluded.step, timestamp = excluded.timestamp, value = excluded.value, is_nan = excluded.is_nan
WHERE (excluded.step, excluded.timestamp, excluded.value) > (latest.step, latest.timestamp, latest.value)
"""
TAGS = """
INSERT INTO experiments_runtag AS tag (run_id, experiment_id, key, value)
SELECT %(run)s, %(experiment)s, key, value
FROM unnest(%(keys)s::text[], %(values)s::text[]) AS given(key, value)
ORDER BY key
ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value WHERE tag.value <> excluded.value
"""


@dataclass(frozen=True, slots=True)
class Metric:
    """One logged value; `timestamp` in milliseconds since 1970, None for now."""

    key: str
    value: float
    step: int = 0
    timestamp: int | None = None


def write_params(run: Run, params: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Insert what is new; returns key and stored value of those that hold another value already."""
    with connection.cursor() as cursor:
        cursor.execute(
            PARAMS, _of(run, keys=[key for key, _ in params], values=[value for _, value in params])
        )
        return [(str(key), str(value)) for key, value in cursor.fetchall()]


def write_metrics(run: Run, metrics: Sequence[Metric], *, now: int) -> None:
    """Insert the points that are new and move the latest ones on."""
    stored = [floats.stored(metric.value) for metric in metrics]
    values = _of(
        run,
        keys=[metric.key for metric in metrics],
        steps=[metric.step for metric in metrics],
        timestamps=[now if metric.timestamp is None else metric.timestamp for metric in metrics],
        values=[value for value, _ in stored],
        nans=[is_nan for _, is_nan in stored],
    )
    with connection.cursor() as cursor:
        cursor.execute(METRICS, values)


def write_tags(run: Run, tags: Sequence[tuple[str, str]]) -> None:
    """Insert or overwrite."""
    with connection.cursor() as cursor:
        cursor.execute(TAGS, _of(run, keys=[key for key, _ in tags], values=[value for _, value in tags]))


def _of(run: Run, **arrays: Iterable[Any]) -> dict[str, Any]:
    return {"run": run.pk, "experiment": run.experiment_id, **arrays}
