"""MLflow's routes of experiments."""

from __future__ import annotations

from typing import Any

from experiments import access
from experiments.actions import experiments as actions
from experiments.models import Experiment, Lifecycle
from experiments.queries import experiments as queries
from experiments.queries import locations
from mlregistry.accounts.models import Role
from mlregistry.errors import NotFound
from mlregistry.lib import tag_names
from mlregistry.lib.millis import to_millis

from . import ids
from .fields import Field, integer, objects, text, texts
from .ids import present
from .route import Answer, Call, Route

PLACE = "2.0/mlflow/experiments/"


def create(call: Call) -> Answer:
    tags = ids.unpaired(call.given["tags"], "tags")
    made = actions.create_experiment(
        call.given["name"],
        description=tags.pop(tag_names.NOTE, ""),
        tags=tags,
        artifact_location=call.given["artifact_location"],
        by=call.by,
    )
    return {"experiment_id": locations.experiment_id(made)}


def get(call: Call) -> Answer:
    return {"experiment": shown(ids.experiment(call.by, call.given["experiment_id"]), call.by.team.slug)}


def get_by_name(call: Call) -> Answer:
    name = call.given["experiment_name"]
    found = access.experiment_by_name(call.by, name)
    if found is None and name == actions.DEFAULT_NAME:
        found = actions.default_experiment(by=call.by)
    if found is None:
        raise NotFound(f"Could not find experiment with name '{name[:200]}'", field="experiment_name")
    return {"experiment": shown(found, call.by.team.slug)}


def search(call: Call) -> Answer:
    given = call.given
    actions.default_experiment(by=call.by)
    found = queries.search(
        call.by.team.pk,
        view=ids.view(given["view_type"]),
        filter=given["filter"],
        order_by=given["order_by"] or (),
        max_results=given["max_results"],
        page_token=given["page_token"],
    )
    return present(
        experiments=[shown(row, call.by.team.slug) for row in found.rows],
        next_page_token=found.next_page_token,
    )


def update(call: Call) -> Answer:
    actions.update_experiment(_found(call), name=call.given["new_name"], by=call.by)
    return {}


def delete(call: Call) -> Answer:
    actions.delete_experiment(_in(call, Lifecycle.ACTIVE), even_default=True, by=call.by)
    return {}


def restore(call: Call) -> Answer:
    actions.restore_experiment(_in(call, Lifecycle.DELETED), every_run=True, by=call.by)
    return {}


def set_tag(call: Call) -> Answer:
    found, key, value = _found(call), call.given["key"], call.given["value"]
    if key == tag_names.NOTE:
        actions.update_experiment(found, description=value, by=call.by)
    else:
        actions.set_tag(found, key, value, by=call.by)
    return {}


def delete_tag(call: Call) -> Answer:
    found, key = _found(call), call.given["key"]
    if key == tag_names.NOTE and found.description:
        actions.update_experiment(found, description="", by=call.by)
    else:
        actions.delete_tag(found, key, by=call.by)
    return {}


def shown(found: Experiment, workspace: str) -> dict[str, Any]:
    """An experiment as the wire has it."""
    tags = {**found.tags, tag_names.NOTE: found.description} if found.description else found.tags
    return present(
        experiment_id=locations.experiment_id(found),
        workspace=workspace,
        name=found.name,
        artifact_location=locations.experiment_root(found),
        lifecycle_stage=found.lifecycle,
        last_update_time=to_millis(found.updated_at),
        creation_time=to_millis(found.created_at),
        tags=ids.pairs(tags),
    )


def _found(call: Call) -> Experiment:
    return ids.experiment(call.by, call.given["experiment_id"])


def _in(call: Call, lifecycle: Lifecycle) -> Experiment:
    found = _found(call)
    if found.lifecycle != lifecycle:
        raise NotFound(
            f"No Experiment with id={call.given['experiment_id']} exists in the state {lifecycle.label!r}.",
            field="experiment_id",
        )
    return found


ID = text("experiment_id", required=True)
SEARCH = (
    Field("view_type", lambda value, _: int(value) if str(value) in ("0", "1", "2", "3") else value),
    integer("max_results", default=1000),
    text("filter"),
    texts("order_by"),
    text("page_token"),
)
ROUTES = (
    Route(
        "POST", PLACE + "create", create, Role.EDITOR,
        (text("name", required=True), text("artifact_location"), objects("tags")),
    ),
    Route("GET", PLACE + "get", get, Role.VIEWER, (ID,)),
    Route("GET", PLACE + "get-by-name", get_by_name, Role.VIEWER, (text("experiment_name", required=True),)),
    Route("POST", PLACE + "search", search, Role.VIEWER, SEARCH),
    Route("GET", PLACE + "search", search, Role.VIEWER, SEARCH),
    Route("POST", PLACE + "update", update, Role.EDITOR, (ID, text("new_name", required=True))),
    Route("POST", PLACE + "delete", delete, Role.EDITOR, (ID,)),
    Route("POST", PLACE + "restore", restore, Role.EDITOR, (ID,)),
    Route(
        "POST", PLACE + "set-experiment-tag", set_tag, Role.EDITOR,
        (ID, text("key", required=True), text("value")),
    ),
    Route("POST", PLACE + "delete-experiment-tag", delete_tag, Role.EDITOR, (ID, text("key", required=True))),
)  # fmt: skip
