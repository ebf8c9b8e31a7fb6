"""MLflow's routes of logged models; those of their files are in `artifacts`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from experiments import access
from experiments.actions import logged_models as actions
from experiments.models import LoggedModel, LoggedModelStatus, Run
from experiments.queries import locations
from experiments.queries import logged_models as queries
from experiments.queries.logged_models import ModelMetric, OnDataset, Sorting
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid, NotFound
from mlregistry.lib.millis import to_millis

from . import fields, ids, logged_model_tokens, wire
from .fields import Field, boolean, integer, objects, text, texts
from .ids import present
from .route import Answer, Call, Route

PLACE = "2.0/mlflow/logged-models"
PREFIX = "LOGGED_MODEL_"
STATUSES = {1: LoggedModelStatus.PENDING, 2: LoggedModelStatus.READY, 3: LoggedModelStatus.UPLOAD_FAILED}


def create(call: Call) -> Answer:
    given = call.given
    run, run_key = _source_run(call)
    model = actions.create_logged_model(
        ids.experiment(call.by, given["experiment_id"]),
        name=given["name"],
        model_type=given["model_type"],
        source_run=run,
        source_run_key=run_key,
        params=_pairs(given["params"], "params"),
        tags=_pairs(given["tags"], "tags"),
        by=call.by,
    )
    return {"model": shown(model, [])}


def finalize(call: Call) -> Answer:
    model = actions.finalize_logged_model(_found(call), call.given["status"], by=call.by)
    return {"model": shown(model, queries.latest_metrics([model])[model.pk])}


def get(call: Call) -> Answer:
    deleted = bool(call.given["allow_deleted"])
    model = access.logged_model(call.by, call.given["model_id"], deleted=deleted)
    return {"model": shown(model, queries.latest_metrics([model])[model.pk])}


def delete(call: Call) -> Answer:
    actions.delete_logged_model(_found(call), by=call.by)
    return {}


def set_tags(call: Call) -> Answer:
    actions.set_tags(_found(call), _pairs(call.given["tags"], "tags"), by=call.by)
    return {}


def delete_tag(call: Call) -> Answer:
    actions.delete_tag(_found(call), call.given["tag_key"], by=call.by)
    return {}


def log_params(call: Call) -> Answer:
    actions.log_params(_found(call), _pairs(call.given["params"], "params"), by=call.by)
    return {}


def search(call: Call) -> Answer:
    given = call.given
    wanted = [ids.experiment_number(each) for each in given["experiment_ids"]]
    with _worded():
        found = queries.search(
            call.by.team.pk,
            [number for number in wanted if number],
            with_default=0 in wanted,
            filter=given["filter"],
            order_by=[_sorting(each, n) for n, each in enumerate(given["order_by"] or ())],
            datasets=[_dataset(each, n) for n, each in enumerate(given["datasets"] or ())],
            max_results=given["max_results"],
            page_token=logged_model_tokens.unmarked(given["page_token"], given),
        )
    metrics = queries.latest_metrics(found.rows)
    return present(
        models=[shown(row, metrics[row.pk]) for row in found.rows],
        next_page_token=logged_model_tokens.marked(found.next_page_token, given),
    )


@contextmanager
def _worded() -> Iterator[None]:
    """What is wrong with a filter begins with the words that MLflow has for logged models alone."""
    try:
        yield
    except Invalid as error:
        for ours, theirs in OPENINGS.items():
            if error.message.startswith(ours):
                raise Invalid(theirs + error.message.removeprefix(ours), field=error.field) from error
        raise


def shown(model: LoggedModel, metrics: Sequence[ModelMetric]) -> dict[str, Any]:
    """A logged model as the wire has it."""
    place = model.experiment
    info = {
        "model_id": model.model_id,
        "experiment_id": locations.experiment_id(place),
        "name": model.name,
        "creation_timestamp_ms": to_millis(model.created_at),
        "last_updated_timestamp_ms": to_millis(model.updated_at),
        "artifact_uri": locations.logged_model_root(model),
        "status": PREFIX + model.status,
        "model_type": model.model_type,
        "source_run_id": model.source_run_id.hex if model.source_run_id else model.source_run_key,
        **present(status_message=model.status_message, tags=_sorted(model.tags)),
    }
    data = present(params=_sorted(model.params), metrics=[_metric(each, model) for each in metrics])
    return {"info": info, "data": data}


def _metric(metric: ModelMetric, model: LoggedModel) -> dict[str, Any]:
    return {
        "key": metric.key,
        "value": wire.number(metric.value, metric.is_nan),
        "timestamp": metric.timestamp,
        "step": metric.step,
        "model_id": model.model_id,
        "run_id": metric.run_id.hex,
        **present(dataset_name=metric.dataset_name, dataset_digest=metric.dataset_digest),
    }


def _found(call: Call) -> LoggedModel:
    """Writes reach deleted ones too, as with MLflow."""
    return access.logged_model(call.by, call.given["model_id"], deleted=True)


def _source_run(call: Call) -> tuple[Run | None, str]:
    """The run, or its key alone when it is not here: MLflow takes any."""
    key = call.given["source_run_id"]
    try:
        return (access.run_to_change(call.by, ids.run_uuid(key)) if key else None), ""
    except NotFound:
        return None, key


def _sorted(pairs: dict[str, str]) -> list[dict[str, str]]:
    return ids.pairs(dict(sorted(pairs.items())))


def _pairs(given: Sequence[dict[str, Any]] | None, name: str) -> list[tuple[str, str]]:
    """Keys and values in the order sent; the action says what is wrong with equal keys."""
    found = [fields.read(PAIR, each, path=f"{name}[{n}].") for n, each in enumerate(given or ())]
    return [(pair["key"], pair["value"]) for pair in found]


def _sorting(given: dict[str, Any], place: int) -> Sorting:
    one = fields.read(ORDER, given, path=f"order_by[{place}].")
    return Sorting(one["field_name"], one["ascending"], OnDataset(one["dataset_name"], one["dataset_digest"]))


def _dataset(given: dict[str, Any], place: int) -> OnDataset:
    one = fields.read(DATASET, given, path=f"datasets[{place}].")
    if not one["dataset_name"]:
        raise Invalid("`dataset_name` in the `datasets` clause must be specified.", field="datasets")
    return OnDataset(one["dataset_name"], one["dataset_digest"])


def _status(value: Any, field: str) -> str:
    """A status by MLflow's word or number."""
    found = STATUSES.get(value) if type(value) is int else None
    if type(value) is str and value.startswith(PREFIX):
        word = value.removeprefix(PREFIX)
        found = LoggedModelStatus(word) if word in LoggedModelStatus.values else None
    if found is None:
        raise fields.wrong(value, field)
    return found.value


OPENINGS = {
    "Invalid clause(s) in filter string": "Invalid filter string",
    "Invalid comparator": "Invalid comparison operator",
}
PAIR = (text("key", required=True), text("value"))
DATASET = (text("dataset_name"), text("dataset_digest"))
ORDER = (text("field_name", required=True), boolean("ascending", default=True), *DATASET)
ID = text("model_id", required=True)
ONE = PLACE + "/{model_id}"
ROUTES = (
    Route(
        "POST", PLACE, create, Role.EDITOR,
        (text("experiment_id", required=True), text("name"), text("model_type"), text("source_run_id"),
         objects("params"), objects("tags")),
    ),
    Route(
        "POST", PLACE + "/search", search, Role.VIEWER,
        (texts("experiment_ids", required=True), text("filter"), objects("datasets"), objects("order_by"),
         integer("max_results", default=queries.DEFAULT_RESULTS), text("page_token")),
    ),
    Route("PATCH", ONE, finalize, Role.EDITOR, (ID, Field("status", _status, required=True))),
    Route("GET", ONE, get, Role.VIEWER, (ID, boolean("allow_deleted"))),
    Route("DELETE", ONE, delete, Role.EDITOR, (ID,)),
    Route("PATCH", ONE + "/tags", set_tags, Role.EDITOR, (ID, objects("tags"))),
    Route("DELETE", ONE + "/tags/{tag_key:path}", delete_tag, Role.EDITOR, (ID, text("tag_key", required=True))),
    Route("POST", ONE + "/params", log_params, Role.EDITOR, (ID, objects("params"))),
)  # fmt: skip
