"""Log params, metrics, tags and curves of a run. Called by the API doors and the training worker.

Logging leaves no audit line: the rows are the record themselves, and there may be thousands in a second.
"""

import math
import uuid
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.db import transaction
from django.db.models import F

from experiments.models import Curve, Run, RunTag
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, Invalid, MlregistryError, NotFound
from mlregistry.lib import tag_names
from mlregistry.lib.millis import now_millis
from mlregistry.lib.names import clean_key, clean_name

from .liveness import set_timeout
from .measurements import Metric, Refusal, write
from .model_metrics import write_metrics
from .run_tags import Pairs, Tags, checked_tags, clean_pair
from .runs import require_active

MAX_PARAM = 6000
LARGEST_BIGINT = 2**63 - 1


def log_batch(
    run: Run | uuid.UUID, *, metrics: Sequence[Metric] = (), params: Pairs = (), tags: Pairs = (), by: Actor
) -> None:
    """Log all of it or nothing, once however often it is sent.

    Raises NotFound for a run that is not the team's, Conflict for a deleted run and for a param that holds
    another value already. The tags that name the run, its note and its parent are those themselves.
    """
    by.require(Role.EDITOR)
    check_metrics(metrics)
    once = _params(params)
    given = checked_tags(tags)
    run_id = run if isinstance(run, uuid.UUID) else run.pk
    with _together(metrics, given):
        refusals = write(
            run_id,
            by.team.pk,
            metrics=metrics,
            params=list(once.items()),
            tags=given.rows,
            texts=given,
            now=now_millis(),
        )
        if refusals:
            raise _refused(run_id, refusals, once)
        write_metrics(run_id, metrics, by=by)
        if given.timeout_seconds is not None:
            set_timeout(run_id, given.timeout_seconds)
        if given.name is not None:
            Run.objects.filter(pk=run_id, name_untagged=True).update(name_untagged=False)


def delete_tag(run: Run, key: str, *, by: Actor) -> None:
    """NotFound when there is no such tag. The run keeps its name without the tag that repeats it."""
    by.require(Role.EDITOR)
    require_active(run)
    if key == tag_names.RUN_NAME:
        tagged = Run.objects.filter(pk=run.pk, name_untagged=False).exclude(name="")
        removed = tagged.update(name_untagged=True, changes=F("changes") + 1)
    elif key == tag_names.NOTE:
        removed = int(bool(run.note))
        write(run.pk, by.team.pk, texts=Tags(note=""), now=now_millis())
    else:
        removed, _ = RunTag.objects.filter(run=run, key=key).delete()
        if key == tag_names.TIMEOUT:
            set_timeout(run.pk, None)
    if not removed:
        raise NotFound(f"No tag with name: {key} in run with id {run.pk.hex}", field="key")


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


def check_metrics(metrics: Sequence[Metric]) -> None:
    """Raises Invalid that names the first metric at fault and its field."""
    if not metrics:
        return
    if not _plain(metrics):
        for place, metric in enumerate(metrics):
            _check(metric, f"metrics.{place}")
    checked: set[str] = set()
    for place, metric in enumerate(metrics):
        if metric.key not in checked:
            clean_key(metric.key, field=f"metrics.{place}.key")
            checked.add(metric.key)


def _plain(metrics: Sequence[Metric]) -> bool:
    """Whether all types and ranges are right, looked at in bulk."""
    steps = [metric.step for metric in metrics]
    times = [metric.timestamp for metric in metrics if metric.timestamp is not None]
    return (
        {type(metric.value) for metric in metrics} == {float}
        and {type(metric.key) for metric in metrics} == {str}
        and set(map(type, steps)) == {int}
        and set(map(type, times)) <= {int}
        and min(steps) >= -LARGEST_BIGINT
        and max(steps) <= LARGEST_BIGINT
        and (not times or (min(times) >= 0 and max(times) <= LARGEST_BIGINT))
    )


def _check(metric: Metric, field: str) -> None:
    clean_key(metric.key, field=f"{field}.key")
    if isinstance(metric.value, bool) or not isinstance(metric.value, int | float):
        raise Invalid(f"The metric {metric.key!r} needs a number.", field=f"{field}.value")
    _check_whole(metric.step, -LARGEST_BIGINT - 1, f"{field}.step")
    if metric.timestamp is not None:
        _check_whole(metric.timestamp, 0, f"{field}.timestamp")


def _check_whole(value: object, least: int, field: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid("This must be a whole number.", field=field)
    if not least <= value <= LARGEST_BIGINT:
        raise Invalid(f"This must lie between {least} and {LARGEST_BIGINT}.", field=field)


def _together(metrics: Sequence[Metric], tags: Tags) -> AbstractContextManager[Any]:
    """One statement is a transaction by itself; metrics of logged models, a name and a time-out make it two."""
    columns = tags.timeout_seconds is not None or tags.name is not None
    several = columns or any(metric.model_id for metric in metrics)
    return transaction.atomic() if several else nullcontext()


def _refused(run_id: uuid.UUID, refusals: list[Refusal], wanted: dict[str, str]) -> MlregistryError:
    if refusals[0].problem == "missing":
        return NotFound(f"Run with id={run_id.hex} not found", field="run_id")
    if refusals[0].problem == "deleted":
        return Conflict(
            f"The run {run_id.hex} must be in the 'active' state. It is deleted; restore it first."
        )
    return _changed([(refusal.subject, refusal.stored) for refusal in refusals], wanted)


def _params(given: Pairs) -> dict[str, str]:
    """Clean keys and values; a key that comes twice with different values is a Conflict."""
    clean: dict[str, str] = {}
    for key, value in given.items() if isinstance(given, Mapping) else given:
        name, text = clean_pair(key, value, "params", MAX_PARAM)
        if clean.get(name, text) != text:
            raise _changed([(name, clean[name])], {name: text})
        clean[name] = text
    return clean


def _changed(stored: list[tuple[str, str]], wanted: dict[str, str]) -> Conflict:
    lines = [
        f"Changing param values is not allowed. Param with key={key!r} was already logged with"
        f" value={value[:200]!r} and cannot become {wanted[key][:200]!r}."
        for key, value in stored
    ]
    return Conflict(lines[0], field=f"params.{stored[0][0]}", details=lines)


def _finite(data: Any) -> Any:
    """The same JSON with null for what JSON cannot hold."""
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, Mapping):
        return {str(key): _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return data
