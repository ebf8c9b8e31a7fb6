"""MLflow's routes that write runs: create, change, delete, log. `run_reads` holds those that read.

The logging routes decode typed, in one pass, what is right; anything else is read again slowly for its error.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import msgspec

from experiments import access
from experiments.actions import logging as log_actions
from experiments.actions import runs as actions
from experiments.actions.logging import MAX_PARAM
from experiments.actions.measurements import Metric
from experiments.actions.run_tags import MAX_TAG
from experiments.models import Run
from experiments.queries import locations
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid, NotFound
from mlregistry.lib import tag_names
from mlregistry.lib.millis import from_millis, to_millis
from mlregistry.lib.names import clean_key

from . import fields, ids, run_tokens, wire
from .fields import Field, integer, objects, text
from .ids import present
from .route import Answer, Call, Route

PLACE = "2.0/mlflow/runs/"
MOST_METRICS, MOST_PARAMS, MOST_TAGS, MOST_TOGETHER = 1000, 100, 100, 1000


class TypedMetric(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A metric of a batch whose fields all have the right types."""

    key: str
    value: float
    timestamp: int
    step: int = 0
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


class TypedPair(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A param or tag."""

    key: str
    value: str = ""


class TypedBatch(msgspec.Struct, forbid_unknown_fields=True):
    """runs/log-batch."""

    run_id: str
    metrics: list[TypedMetric] = []
    params: list[TypedPair] = []
    tags: list[TypedPair] = []


_batch = msgspec.json.Decoder(TypedBatch)


def create(call: Call) -> Answer:
    given = call.given
    tags = truncated(ids.unpaired(given["tags"], "tags"), MAX_TAG)
    make = partial(
        actions.create_run,
        name=_name(given["run_name"], tags),
        user_name=given["user_id"],
        started_at=from_millis(given["start_time"], field="start_time"),
        tags=tags,
        by=call.by,
    )
    place = given["experiment_id"] or ids.DEFAULT
    try:
        run = make(ids.experiment_key(place))
    except (
        NotFound
    ):  # the default experiment is made when first asked for; of another one MLflow's words tell
        run = make(ids.experiment(call.by, place))
    return {"run": {"info": info(run), "data": present(tags=tags_of(run, tags)), "inputs": {}}}


def update(call: Call) -> Answer:
    given = call.given
    run = actions.update_run(
        ids.run_uuid(given["run_id"]),
        name=given["run_name"] or None,
        status=given["status"] or None,
        ended_at=_time(given["end_time"], "end_time"),
        ends_now=False,
        by=call.by,
    )
    return {"run_info": info(run)}


def delete(call: Call) -> Answer:
    actions.delete_run(_found(call), by=call.by)
    return {}


def restore(call: Call) -> Answer:
    actions.restore_run(_found(call), by=call.by)
    return {}


def log_metric(call: Call) -> Answer:
    given = call.given
    metric = Metric(
        given["key"],
        given["value"],
        given["step"],
        given["timestamp"],
        given["model_id"],
        given["dataset_name"],
        given["dataset_digest"],
    )
    with _naming(lambda: [("name", given["key"])]):
        log_actions.log_batch(ids.run_uuid(given["run_id"]), metrics=[metric], by=call.by)
    return {}


def log_param(call: Call) -> Answer:
    given = call.given
    params = truncated({given["key"]: given["value"]}, MAX_PARAM)
    with _naming(lambda: [("key", given["key"])]):
        log_actions.log_batch(ids.run_uuid(given["run_id"]), params=params, by=call.by)
    return {}


def set_tag(call: Call) -> Answer:
    given = call.given
    tags = truncated({given["key"]: given["value"]}, MAX_TAG)
    with _naming(lambda: [("key", given["key"])]):
        log_actions.log_batch(ids.run_uuid(given["run_id"]), tags=tags, by=call.by)
    return {}


def delete_tag(call: Call) -> Answer:
    log_actions.delete_tag(_found(call), call.given["key"], by=call.by)
    return {}


def log_batch(call: Call) -> Answer:
    batch = _sent(call)
    run_tokens.hold_to(call, batch.run_id)
    _check_limits(batch)
    metrics = [
        Metric(m.key, m.value, m.step, m.timestamp, m.model_id, m.dataset_name, m.dataset_digest)
        for m in batch.metrics
    ]
    params = truncated(_once(batch.params), MAX_PARAM)
    tags = truncated({tag.key: tag.value for tag in batch.tags}, MAX_TAG)
    with _naming(lambda: _keys(batch)):
        log_actions.log_batch(
            ids.run_uuid(batch.run_id), metrics=metrics, params=params, tags=tags, by=call.by
        )
    return {}


def info(run: Run) -> dict[str, Any]:
    """The part of a run that MLflow calls its info."""
    place = run.experiment
    return {
        "run_id": run.pk.hex,
        "run_uuid": run.pk.hex,
        "experiment_id": locations.experiment_id(place),
        "run_name": run.name,
        "user_id": run.user_name,
        "status": run.status,
        "start_time": to_millis(run.started_at),
        **({"end_time": to_millis(run.ended_at)} if run.ended_at else {}),
        "artifact_uri": locations.run_root(run),
        "lifecycle_stage": run.lifecycle,
    }


def tags_of(run: Run, tags: dict[str, str]) -> list[dict[str, str]]:
    """The tags that a run was made with, its name among them."""
    return ids.pairs({**tags, **({tag_names.RUN_NAME: run.name} if run.name else {})})


def truncated(texts: dict[str, str], longest: int) -> dict[str, str]:
    """As MLflow's server does it: what is too long is cut."""
    return {key: value[:longest] for key, value in texts.items()}


def _name(name: str, tags: dict[str, str]) -> str:
    tagged = tags.get(tag_names.RUN_NAME, "")
    if name and tagged and name != tagged:
        raise Invalid(
            f"Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values"
            f" (run_name='{name[:100]}', mlflow.runName='{tagged[:100]}').",
            field="run_name",
        )
    return name or tagged


def _found(call: Call) -> Run:
    return access.run_to_change(call.by, ids.run_uuid(call.given["run_id"]))


def _time(millis: int | None, field: str) -> datetime.datetime | None:
    return None if millis is None else from_millis(millis, field=field)


def _sent(call: Call) -> TypedBatch:
    raw = wire.body(call.environ)
    if call.environ.get("CONTENT_TYPE", "").startswith("application/json"):
        try:
            return _batch.decode(raw)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            pass
    return _slowly(call, raw)


def _slowly(call: Call, raw: bytes) -> TypedBatch:
    """The batch when strings stand for numbers or the like; Invalid names what is wrong in it."""
    given = fields.read(BATCH, wire.of_json(call.environ, raw))
    metrics = []
    for place, one in enumerate(given["metrics"] or ()):
        metrics.append(TypedMetric(**fields.read(METRIC, one, path=f"metrics[{place}].")))
    return TypedBatch(
        given["run_id"],
        metrics,
        _typed_pairs(given["params"], "params"),
        _typed_pairs(given["tags"], "tags"),
    )


def _typed_pairs(given: Sequence[dict[str, Any]] | None, field: str) -> list[TypedPair]:
    return [TypedPair(**fields.read(PAIR, one, path=f"{field}[{n}].")) for n, one in enumerate(given or ())]


def _check_limits(batch: TypedBatch) -> None:
    counts = {"metrics": len(batch.metrics), "params": len(batch.params), "tags": len(batch.tags)}
    limits = {"metrics": MOST_METRICS, "params": MOST_PARAMS, "tags": MOST_TAGS}
    for name, most in limits.items():
        if counts[name] > most:
            raise Invalid(
                f"A batch logging request can contain at most {most} {name}. Got {counts[name]} {name}."
                " Split them across several requests.",
                field=name,
            )
    if sum(counts.values()) > MOST_TOGETHER:
        raise Invalid(
            f"A batch logging request can contain at most {MOST_TOGETHER} metrics, params and tags together."
            f" Got {sum(counts.values())}. Split them across several requests."
        )


@contextmanager
def _naming(keys: Callable[[], Iterable[tuple[str, str]]]) -> Iterator[None]:
    """A key that is refused within is named as the wire has it; `keys` are (field of the request, key)."""
    try:
        yield
    except Invalid:
        for field, key in keys():
            clean_key(key, field=field)
        raise


def _keys(batch: TypedBatch) -> Iterator[tuple[str, str]]:
    for place, metric in enumerate(batch.metrics):
        yield f"metrics[{place}].name", metric.key
    for name, pairs in (("params", batch.params), ("tags", batch.tags)):
        for place, pair in enumerate(pairs):
            yield f"{name}[{place}].key", pair.key


def _once(params: Sequence[TypedPair]) -> dict[str, str]:
    found = {param.key: param.value for param in params}
    if len(found) < len(params):
        keys = [param.key for param in params]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        raise Invalid(f"Duplicate parameter keys have been submitted: {twice}.", field="params")
    return found


def _float(value: Any, field: str) -> float:
    return fields.number(value, field)


RUN = text("run_id", required=True, other="run_uuid")
KEY = text("key", required=True)
METRIC = (
    KEY,
    Field("value", _float, required=True),
    integer("timestamp", required=True),
    integer("step", default=0),
    text("model_id"),
    text("dataset_name"),
    text("dataset_digest"),
)
PAIR = (KEY, text("value"))
BATCH = (RUN, objects("metrics"), objects("params"), objects("tags"))
ROUTES = (
    Route(
        "POST", PLACE + "create", create, Role.EDITOR,
        (
            text("experiment_id"), text("user_id"), text("run_name"), integer("start_time", default=0),
            objects("tags"),
        ),
    ),
    Route(
        "POST", PLACE + "update", update, Role.EDITOR,
        (RUN, text("status"), integer("end_time"), text("run_name")),
    ),
    Route("POST", PLACE + "delete", delete, Role.EDITOR, (RUN,)),
    Route("POST", PLACE + "restore", restore, Role.EDITOR, (RUN,)),
    Route("POST", PLACE + "log-metric", log_metric, Role.EDITOR, (RUN, *METRIC)),
    Route("POST", PLACE + "log-parameter", log_param, Role.EDITOR, (RUN, *PAIR)),
    Route("POST", PLACE + "set-tag", set_tag, Role.EDITOR, (RUN, *PAIR)),
    Route("POST", PLACE + "delete-tag", delete_tag, Role.EDITOR, (RUN, KEY)),
    Route("POST", PLACE + "log-batch", log_batch, Role.EDITOR, None),
)  # fmt: skip
