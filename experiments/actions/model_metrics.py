"""The SQL behind the metrics of logged models: all points of a call in one statement. Called by logged_models."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import connection

from experiments.models import model_key
from mlregistry.accounts.actor import Actor
from mlregistry.errors import Invalid, NotFound
from mlregistry.lib import floats
from mlregistry.lib.millis import now_millis

from .measurements import Metric

MAX_DATASET_NAME = 500
MAX_DATASET_DIGEST = 36

# Nothing is written when a model is unknown; the answer names it.
METRICS = """
WITH given AS (
    SELECT point.*, known.id
    FROM unnest(%(models)s::uuid[], %(keys)s::text[], %(values)s::float8[], %(nans)s::boolean[],
                %(steps)s::bigint[], %(timestamps)s::bigint[], %(names)s::text[], %(digests)s::text[])
        AS point(model, key, value, is_nan, step, timestamp, dataset_name, dataset_digest)
    LEFT JOIN (
        SELECT model.id FROM experiments_loggedmodel AS model
        JOIN experiments_experiment AS experiment ON experiment.id = model.experiment_id
        WHERE model.id = ANY(%(models)s::uuid[]) AND experiment.team_id = %(team)s
    ) AS known ON known.id = point.model
), written AS (
    INSERT INTO experiments_loggedmodelmetric
        (logged_model_id, run_id, key, value, is_nan, step, timestamp, dataset_name, dataset_digest)
    SELECT id, %(run)s::uuid, key, value, is_nan, step, timestamp, dataset_name, dataset_digest
    FROM given WHERE NOT EXISTS (SELECT FROM given WHERE id IS NULL)
    ORDER BY id, key, dataset_name, dataset_digest, timestamp, step, value, is_nan
    ON CONFLICT DO NOTHING
)
SELECT model FROM given WHERE id IS NULL LIMIT 1
"""


def write_metrics(run_id: uuid.UUID, metrics: Sequence[Metric], *, by: Actor) -> None:
    """Store the points that name a logged model (`model_id`), each once however often it is sent.

    The caller has checked the run, the role, keys, values and steps. NotFound for a model that is not the
    team's; then nothing is written.
    """
    points = [metric for metric in metrics if metric.model_id]
    if not points:
        return
    for point in points:
        _check_dataset(point)
    now = now_millis()
    stored = [floats.stored(floats.as_float(point.value)) for point in points]
    values: dict[str, Any] = {
        "run": str(run_id),
        "team": by.team.pk,
        "models": [_key(point.model_id or "") for point in points],
        "keys": [point.key for point in points],
        "values": [value for value, _ in stored],
        "nans": [is_nan for _, is_nan in stored],
        "steps": [point.step for point in points],
        "timestamps": [now if point.timestamp is None else point.timestamp for point in points],
        "names": [point.dataset_name or "" for point in points],
        "digests": [point.dataset_digest or "" for point in points],
    }
    with connection.cursor() as cursor:
        cursor.execute(METRICS, values)
        unknown = cursor.fetchone()
    if unknown is not None:
        raise missing(f"m-{uuid.UUID(str(unknown[0])).hex}")


def missing(model_id: str) -> NotFound:
    """The error for an id that no logged model of the team has."""
    return NotFound(f"Logged model with ID '{model_id[:100]}' not found.", field="model_id")


def _key(model_id: str) -> str:
    key = model_key(model_id)
    if key is None:
        raise missing(model_id)
    return str(key)


def _check_dataset(point: Metric) -> None:
    for field, value, most in (
        ("dataset_name", point.dataset_name, MAX_DATASET_NAME),
        ("dataset_digest", point.dataset_digest, MAX_DATASET_DIGEST),
    ):
        if value and len(value) > most:
            raise Invalid(
                f"{field} exceeds the maximum length of {most} characters for metric {point.key[:100]!r}.",
                field=field,
            )
