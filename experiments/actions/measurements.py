"""Logging of one run in one round trip: the SQL function experiments_log with its arrays.

Called by actions.logging alone, with clean keys and values.
"""

import math
import sys
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
from django.db import connection

from mlregistry.lib import floats

from .run_tags import Tags

LOG = """SELECT problem, subject, stored FROM experiments_log(
%s::uuid, %s, %s::text[], %s::float8[], %s::boolean[], %s::bigint[], %s::bigint[],
%s::text[], %s::text[], %s::text[], %s::text[], %s, %s, %s::uuid)"""
LARGEST = sys.float_info.max


class Metric(msgspec.Struct, frozen=True, gc=False):
    """One logged value; `timestamp` in milliseconds since 1970, None for now.

    With `model_id` it is measured of that logged model too, perhaps on the named dataset.
    """

    key: str
    value: float
    step: int = 0
    timestamp: int | None = None
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing was written: the run is missing or deleted, or a param holds another value already."""

    problem: str  # "missing" "deleted" "param"
    subject: str
    stored: str


def write(
    run_id: uuid.UUID,
    team_id: int,
    *,
    metrics: Sequence[Metric] = (),
    params: Sequence[tuple[str, str]] = (),
    tags: Sequence[tuple[str, str]] = (),
    texts: Tags,
    now: int,
) -> list[Refusal]:
    """Write all of it, or nothing and tell why."""
    values = (str(run_id), team_id, *_arrays(metrics, now), *_pairs(params), *_pairs(tags))
    parent = str(texts.parent) if texts.parent else None
    with connection.cursor() as cursor:
        cursor.execute(LOG, (*values, texts.name, texts.note, parent))
        return [Refusal(str(problem), subject or "", stored or "") for problem, subject, stored in cursor]


def _arrays(metrics: Sequence[Metric], now: int) -> tuple[str | None, ...]:
    """PostgreSQL's array literals of keys, values, NaN flags, timestamps and steps."""
    if not metrics:
        return (None,) * 5
    values = [metric.value if type(metric.value) is float else _float(metric.value) for metric in metrics]
    nans = "f," * len(values)
    if not all(-LARGEST <= value <= LARGEST for value in values):
        nans = "".join("t," if math.isnan(value) else "f," for value in values)
        values = [floats.stored(value)[0] for value in values]
    return (
        # Clean keys hold neither quotes nor backslashes.
        '{"' + '","'.join([metric.key for metric in metrics]) + '"}',
        _literal(map(repr, values)),
        "{" + nans[:-1] + "}",
        _literal([str(now if metric.timestamp is None else metric.timestamp) for metric in metrics]),
        _literal([str(metric.step) for metric in metrics]),
    )


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _literal(items: Iterable[str]) -> str:
    return "{" + ",".join(items) + "}"


def _pairs(pairs: Sequence[tuple[str, str]]) -> tuple[list[str] | None, list[str] | None]:
    if not pairs:
        return None, None
    return [key for key, _ in pairs], [value for _, value in pairs]
