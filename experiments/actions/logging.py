"""Log params, metrics, tags and curves of a run. Called by the API doors and the training worker.

Logging leaves no audit line: the rows are the record themselves, and there may be thousands in a second.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from experiments.models import Curve, Run, RunTag
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, Invalid, NotFound
from mlregistry.lib.millis import now_millis
from mlregistry.lib.names import clean_key, clean_name, clean_text

from .measurements import Metric, write_metrics, write_params, write_tags
from .runs import require_active

MAX_PARAM = 6000
MAX_TAG = 8000
LARGEST_BIGINT = 2**63 - 1
Texts = Mapping[str, str] | Iterable[tuple[str, str]]


def log_batch(
    run: Run, *, metrics: Iterable[Metric] = (), params: Texts = (), tags: Texts = (), by: Actor
) -> None:
    """Log all of it or nothing, once however often it is sent. A param keeps its first value: Conflict."""
    by.require(Role.EDITOR)
    require_active(run)
    points = [_checked(metric, place) for place, metric in enumerate(metrics)]
    written = list(_texts(params, "params", MAX_PARAM, once=True).items())
    tagged = list(_texts(tags, "tags", MAX_TAG, once=False).items())
    with transaction.atomic():
        if written:
            _refuse_changes(write_params(run, written), dict(written))
        if points:
            write_metrics(run, points, now=now_millis())
        if tagged:
            write_tags(run, tagged)


def delete_tag(run: Run, key: str, *, by: Actor) -> None:
    """NotFound when there is no such tag."""
    by.require(Role.EDITOR)
    require_active(run)
    removed, _ = RunTag.objects.filter(run=run, key=key).delete()
    if not removed:
        raise NotFound(f"The run has no tag {key!r}.")


def set_curves(run: Run, curves: Mapping[str, Any], *, by: Actor) -> None:
    """Store curves and matrices as data, over those of the same names."""
    by.require(Role.EDITOR)
    require_active(run)
    rows = [
        Curve(run=run, name=clean_name(name, field="curves", max_length=60), data=_finite(data))
        for name, data in curves.items()
    ]
    Curve.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["run", "name"], update_fields=["data"]
    )


def _checked(metric: Metric, place: int) -> Metric:
    field = f"metrics.{place}"
    clean_key(metric.key, field=f"{field}.key")
    if isinstance(metric.value, bool) or not isinstance(metric.value, int | float):
        raise Invalid(f"The metric {metric.key!r} needs a number.", field=f"{field}.value")
    _check_whole(metric.step, -LARGEST_BIGINT - 1, f"{field}.step")
    if metric.timestamp is not None:
        _check_whole(metric.timestamp, 0, f"{field}.timestamp")
    try:
        value = float(metric.value)
    except OverflowError:
        value = math.inf if metric.value > 0 else -math.inf
    return Metric(metric.key, value, metric.step, metric.timestamp)


def _check_whole(value: object, least: int, field: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid("This must be a whole number.", field=field)
    if not least <= value <= LARGEST_BIGINT:
        raise Invalid(f"This must lie between {least} and {LARGEST_BIGINT}.", field=field)


def _texts(given: Texts, field: str, max_length: int, *, once: bool) -> dict[str, str]:
    """Clean keys and values; with `once` a key that comes twice with different values is a Conflict."""
    clean: dict[str, str] = {}
    for key, value in given.items() if isinstance(given, Mapping) else given:
        name = clean_key(key, field=f"{field}.{key}"[:200])
        text = clean_text(value, field=f"{field}.{name}", max_length=max_length)
        if once and clean.get(name, text) != text:
            _refuse_changes([(name, clean[name])], {name: text})
        clean[name] = text
    return clean


def _refuse_changes(stored: list[tuple[str, str]], wanted: dict[str, str]) -> None:
    if stored:
        lines = [
            f"The param {key!r} is {value[:200]!r} already and cannot become {wanted[key][:200]!r}."
            for key, value in stored
        ]
        raise Conflict(lines[0], field=f"params.{stored[0][0]}", details=lines)


def _finite(data: Any) -> Any:
    """The same JSON with null for what JSON cannot hold."""
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, Mapping):
        return {str(key): _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return data
