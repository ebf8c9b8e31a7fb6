"""MLflow's routes that link runs with what they read and made: datasets and logged models."""

from __future__ import annotations

import json
from typing import Any

from experiments import access
from experiments.actions import inputs as actions
from experiments.actions.inputs import DatasetInput
from experiments.models import Run
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid

from . import fields, ids
from .fields import anything, integer, objects, text
from .route import Answer, Call, Route

PLACE = "2.0/mlflow/runs/"


def log_inputs(call: Call) -> Answer:
    given = call.given
    actions.log_inputs(
        _found(call),
        datasets=[_dataset(each, f"datasets[{n}].") for n, each in enumerate(given["datasets"] or ())],
        models=[_model(each, n)[0] for n, each in enumerate(given["models"] or ())],
        by=call.by,
    )
    return {}


def log_outputs(call: Call) -> Answer:
    models = [_model(each, n) for n, each in enumerate(call.given["models"])]
    actions.log_outputs(_found(call), models, by=call.by)
    return {}


def log_model(call: Call) -> Answer:
    sent = call.given["model_json"]
    try:
        model = json.loads(sent)
    except (ValueError, RecursionError):
        model = None
    if not isinstance(model, dict):
        raise Invalid(f"Malformed model info. {sent[:200]!r} is not a valid JSON object.", field="model_json")
    actions.record_model(_found(call), model, by=call.by)
    return {}


def _found(call: Call) -> Run:
    return access.run_to_change(call.by, ids.run_uuid(call.given["run_id"]))


def _dataset(given: dict[str, Any], path: str) -> DatasetInput:
    outer = fields.read(INPUT, given, path=path)
    if outer["dataset"] is None:
        raise Invalid(f"Missing value for required parameter '{path}dataset'.", field=f"{path}dataset")
    inner = fields.read(DATASET, outer["dataset"], path=f"{path}dataset.")
    pairs = [fields.read(TAG, each, path=f"{path}tags[{n}].") for n, each in enumerate(outer["tags"] or ())]
    return DatasetInput(**inner, tags={pair["key"]: pair["value"] for pair in pairs})


def _model(given: dict[str, Any], place: int) -> tuple[str, int]:
    one = fields.read(MODEL, given, path=f"models[{place}].")
    return one["model_id"], one["step"]


RUN = text("run_id", required=True, other="run_uuid")
INPUT = (anything("dataset"), objects("tags"))
DATASET = (text("name", required=True), text("digest", required=True), text("source_type"), text("source"),
           text("schema"), text("profile"))  # fmt: skip
TAG = (text("key", required=True), text("value"))
MODEL = (text("model_id", required=True), integer("step", default=0))
ROUTES = (
    Route(
        "POST", PLACE + "log-inputs", log_inputs, Role.EDITOR, (RUN, objects("datasets"), objects("models"))
    ),
    Route("POST", PLACE + "outputs", log_outputs, Role.EDITOR, (RUN, objects("models", required=True))),
    Route("POST", PLACE + "log-model", log_model, Role.EDITOR, (RUN, text("model_json", required=True))),
)
