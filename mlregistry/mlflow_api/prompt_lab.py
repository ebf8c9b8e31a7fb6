"""MLflow's route that keeps a trial of its prompt page: a run with params, tags and a table with the one answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import msgspec
from django.utils import timezone

from experiments.actions import artifacts, runs
from experiments.actions import logging as log_actions
from experiments.actions.logging import MAX_PARAM
from experiments.actions.run_tags import MAX_TAG
from experiments.models import Run, RunStatus
from experiments.queries import search as queries
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.lib.millis import from_millis

from . import ids
from .fields import integer, objects, text
from .route import Answer, Call, Route
from .runs import truncated

TABLE = "eval_results_table.json"
NEEDED = (
    "experiment_id", "prompt_template", "prompt_parameters", "model_route", "model_input", "mlflow_version",
)  # fmt: skip
TAGS = {
    "mlflow.loggedArtifacts": json.dumps([{"path": TABLE, "type": "table"}]),
    "mlflow.runSourceType": "PROMPT_ENGINEERING",
}


def create(call: Call) -> Answer:
    given = call.given
    for name in NEEDED:
        if not given[name]:
            raise Invalid(f"CreatePromptlabRun request must specify {name}.", field=name)
    told = {name: _pairs(given[name], name) for name in ("prompt_parameters", "model_output_parameters")}
    params = {
        **_pairs(given["model_parameters"], "model_parameters"),
        "model_route": given["model_route"],
        "prompt_template": given["prompt_template"],
    }
    run = _run(call, truncated(params, MAX_PARAM))
    row = {**told["prompt_parameters"], "prompt": given["model_input"], "output": given["model_output"]}
    row |= told["model_output_parameters"]
    table = json.dumps({"columns": list(row), "data": [list(row.values())]}).encode()
    artifacts.save_artifact(run, TABLE, BytesIO(table), content_type="application/json", by=call.by)
    runs.update_run(run.pk, status=RunStatus.FINISHED, ended_at=timezone.now(), by=call.by)
    return {"run": msgspec.Raw(queries.documents([run.pk], team_id=call.by.team.pk)[run.pk])}


def _run(call: Call, params: dict[str, str]) -> Run:
    given = call.given
    started = given["start_time"]
    run = runs.create_run(
        ids.experiment(call.by, given["experiment_id"]),
        name=given["run_name"],
        user_name=given["user_id"],
        started_at=None if started is None else from_millis(started, field="start_time"),
        tags=truncated({**ids.unpaired(given["tags"], "tags"), **TAGS}, MAX_TAG),
        by=call.by,
    )
    log_actions.log_batch(run.pk, params=params, by=call.by)
    return run


def _pairs(given: Sequence[dict[str, Any]] | None, field: str) -> dict[str, str]:
    """Keys and values, of which the page sends numbers too."""
    return ids.unpaired([{**pair, "value": str(pair.get("value", ""))} for pair in given or ()], field)


ROUTES = (
    Route(
        "POST", "2.0/mlflow/runs/create-promptlab-run", create, Role.EDITOR,
        (
            *(text(name) for name in NEEDED if name != "prompt_parameters"),
            *(objects(name) for name in ("prompt_parameters", "model_parameters", "model_output_parameters", "tags")),
            text("run_name"), text("model_output"), text("user_id", default="unknown"), integer("start_time"),
        ),
    ),
)  # fmt: skip
