"""Logging of one run in one round trip: the SQL function experiments_log with its arrays.

Called by actions.logging alone, with clean keys and values.
"""

import math
import sys
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain

import msgspec
from django.db import connection

from mlregistry.lib import floats

from .run_tags import Tags

LOG = """SELECT problem, subject, stored FROM experiments_log(%s::uuid, %s,
%s::text[], %s::int[], %s::int[], %s::bigint[], %s::bigint[], %s::float8[], %s::bigint[], %s::bigint[],
%s::bigint[], %s::bigint[], %s::float8[], %s::boolean[], %s::float8[], %s::float8[],
%s::text[], %s::text[], %s::text[], %s::text[], %s, %s, %s::uuid)"""
NO_METRICS = (None,) * 14
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
    """The metrics as PostgreSQL's array literals, in the order of the function's arguments."""
    if not metrics:
        return NO_METRICS
    single = _single(metrics, now)
    if single is not None:
        return single
    groups: dict[str, list[Metric]] = {}
    for metric in metrics:
        groups.setdefault(metric.key, []).append(metric)
    stretches = [_stretch(points, now) for points in groups.values()]
    stops = list(accumulate(len(stretch.steps) for stretch in stretches))
    latest = [stretch.latest for stretch in stretches]
    return (
        # Clean keys hold neither quotes nor backslashes.
        '{"' + '","'.join(groups) + '"}',
        _literal([1, *(stop + 1 for stop in stops[:-1])]),
        _literal(stops),
        _literal(chain.from_iterable(stretch.timestamps for stretch in stretches)),
        _literal(chain.from_iterable(stretch.steps for stretch in stretches)),
        _literal(chain.from_iterable(stretch.numbers for stretch in stretches)),
        _literal(min(stretch.timestamps) for stretch in stretches),
        _literal(max(stretch.timestamps) for stretch in stretches),
        _literal(step for step, _, _, _ in latest),
        _literal(timestamp for _, timestamp, _, _ in latest),
        _literal(value for _, _, value, _ in latest),
        _literal("f" if is_number else "t" for _, _, _, is_number in latest),
        _literal(min(stretch.real, default="NULL") for stretch in stretches),
        _literal(max(stretch.real, default="NULL") for stretch in stretches),
    )


def _single(metrics: Sequence[Metric], now: int) -> tuple[str, ...] | None:
    """The same for one real number of each metric, as most calls have it: it is its own least and newest."""
    numbers = [metric.value for metric in metrics]
    if set(map(type, numbers)) != {float} or not all(-LARGEST <= number <= LARGEST for number in numbers):
        return None
    keys = dict.fromkeys(metric.key for metric in metrics)
    if len(keys) != len(metrics):
        return None
    places = _literal(range(1, len(metrics) + 1))
    times = _literal(now if metric.timestamp is None else metric.timestamp for metric in metrics)
    steps = _literal(metric.step for metric in metrics)
    values = _literal(numbers)
    real = _literal("f" * len(metrics))
    names = '{"' + '","'.join(keys) + '"}'
    return (
        *(names, places, places, times, steps, values, times, times),
        *(steps, times, values, real, values, values),
    )


@dataclass(frozen=True, slots=True)
class Stretch:
    """The points of one metric in one call; `numbers` may hold NaN, `real` are the others."""

    timestamps: list[int]
    steps: list[int]
    numbers: list[float]
    real: list[float]
    latest: tuple[int, int, float, bool]


def _stretch(points: Sequence[Metric], now: int) -> Stretch:
    timestamps = [now if point.timestamp is None else point.timestamp for point in points]
    steps = [point.step for point in points]
    numbers = [
        point.value if type(point.value) is float else floats.as_float(point.value) for point in points
    ]
    real = compared = numbers
    if not all(-LARGEST <= number <= LARGEST for number in numbers):
        numbers = [number if math.isnan(number) else floats.stored(number)[0] for number in numbers]
        real = [number for number in numbers if not math.isnan(number)]
        compared = [0.0 if math.isnan(number) else number for number in numbers]
    # The newest by step, time and value, where NaN counts as 0 and gives way to a number.
    latest = max(zip(steps, timestamps, compared, [number == number for number in numbers]))
    return Stretch(timestamps, steps, numbers, real, latest)


def _literal(items: Iterable[object]) -> str:
    return "{" + ",".join(map(str, items)) + "}"


def _pairs(pairs: Sequence[tuple[str, str]]) -> tuple[list[str] | None, list[str] | None]:
    if not pairs:
        return None, None
    return [key for key, _ in pairs], [value for _, value in pairs]
