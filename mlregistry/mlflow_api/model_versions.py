"""MLflow's routes of model versions."""

from __future__ import annotations

import re
from typing import Any

from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid, NotFound
from models_app import access
from models_app.actions import tags
from models_app.actions import versions as actions
from models_app.actions.client_versions import create_version
from models_app.actions.models import checked_name
from models_app.actions.stages import transition_stage
from models_app.models import ModelVersion, RegisteredModel
from models_app.queries import records
from models_app.queries.records import VersionRecord
from models_app.queries.search import search_versions

from . import ids
from .fields import Field, boolean, integer, objects, text, texts
from .ids import present
from .route import Answer, Call, Route

PLACE = "2.0/mlflow/model-versions/"
LARGEST = 2**31 - 1


def create(call: Call) -> Answer:
    given = call.given
    made = create_version(
        found_model(call),
        given["source"],
        run_key=given["run_id"],
        model_id=given["model_id"],
        run_link=given["run_link"],
        description=given["description"],
        tags=ids.unpaired(given["tags"], "tags"),
        by=call.by,
    )
    return _answer(call, made.number)


def get(call: Call) -> Answer:
    return _answer(call, call.given["version"])


def update(call: Call) -> Answer:
    actions.update_version(found_version(call), description=call.given["description"], by=call.by)
    return _answer(call, call.given["version"])


def transition(call: Call) -> Answer:
    transition_stage(
        found_version(call),
        call.given["stage"],
        archive_existing=call.given["archive_existing_versions"],
        by=call.by,
    )
    return _answer(call, call.given["version"])


def delete(call: Call) -> Answer:
    actions.delete_version(found_version(call), by=call.by)
    return {}


def search(call: Call) -> Answer:
    given = call.given
    found = search_versions(
        call.by.team.pk,
        filter=given["filter"],
        order_by=given["order_by"] or (),
        max_results=given["max_results"],
        page_token=given["page_token"],
    )
    return present(
        model_versions=[shown(row, aliases=False) for row in found.rows],
        next_page_token=found.next_page_token,
    )


def download_uri(call: Call) -> Answer:
    found = _record(call, call.given["version"])
    return {"artifact_uri": found.storage_location or found.source}


def set_tag(call: Call) -> Answer:
    tags.set_version_tag(found_version(call), call.given["key"], call.given["value"], by=call.by)
    return {}


def delete_tag(call: Call) -> Answer:
    tags.delete_version_tag(found_version(call), call.given["key"], by=call.by)
    return {}


def shown(found: VersionRecord, *, aliases: bool = True) -> dict[str, Any]:
    """A version as the wire has it: description, run_id and run_link also when they are empty."""
    wire: dict[str, Any] = {
        "name": found.name,
        "version": str(found.number),
        "creation_timestamp": found.created,
        "last_updated_timestamp": found.updated,
        "current_stage": found.stage,
        "description": found.description,
        "source": found.source,
        "run_id": found.run_key,
        "status": STATUSES[found.state],
        "run_link": found.run_link,
    }
    return wire | present(
        user_id=found.user_name,
        status_message=found.state_message,
        tags=ids.pairs(found.tags),
        aliases=found.aliases if aliases else [],
        model_id=f"m-{found.logged_model_id.hex}" if found.logged_model_id else "",
    )


def found_model(call: Call) -> RegisteredModel:
    """The model that the request names."""
    try:
        return access.model(call.by, call.given["name"])
    except NotFound as error:
        raise no_model(call.given["name"]) from error


def found_version(call: Call) -> ModelVersion:
    """The version that the request names."""
    name, number = call.given["name"], call.given["version"]
    try:
        return access.version(call.by, name, number)
    except NotFound as error:
        raise _no_version(name, number) from error


def no_model(name: str) -> NotFound:
    return NotFound(f"Registered Model with name={name} not found", field="name")


def _no_version(name: str, number: int) -> NotFound:
    return NotFound(f"Model Version (name={name}, version={number}) not found", field="version")


def _answer(call: Call, number: int) -> Answer:
    return {"model_version": shown(_record(call, number))}


def _record(call: Call, number: int) -> VersionRecord:
    name = call.given["name"]
    found = records.version(call.by.team.pk, name, number) if number <= LARGEST else None
    if found is None:
        raise _no_version(name, number)
    return found


def _name(value: Any, field: str) -> str:
    return checked_name(_TEXT(value, field))


def _number(value: Any, field: str) -> int:
    """Below 0 and above what the column holds, no version is found."""
    found: str = _TEXT(value, field)
    if not re.fullmatch(r"[+-]?[0-9]{1,40}", found):
        raise Invalid(f"Parameter '{field}' must be an integer, got '{found[:100]}'.", field=field)
    return max(int(found), 0)


STATUSES = {"pending": "PENDING_REGISTRATION", "ready": "READY", "failed": "FAILED_REGISTRATION"}
_TEXT = text("text").read
NAME = Field("name", _name, required=True)
VERSION = Field("version", _number, required=True)
KEY = text("key", required=True)
ONE = (NAME, VERSION)
ROUTES = (
    Route(
        "POST", PLACE + "create", create, Role.EDITOR,
        (
            NAME, text("source", required=True), Field("run_id", _TEXT), Field("model_id", _TEXT),
            text("run_link"), text("description"), objects("tags"),
        ),
    ),
    Route("PATCH", PLACE + "update", update, Role.EDITOR, (*ONE, text("description"))),
    Route(
        "POST", PLACE + "transition-stage", transition, Role.EDITOR,
        (*ONE, text("stage", required=True), boolean("archive_existing_versions", default=False)),
    ),
    Route("DELETE", PLACE + "delete", delete, Role.EDITOR, ONE),
    Route("GET", PLACE + "get", get, Role.VIEWER, ONE),
    Route(
        "GET", PLACE + "search", search, Role.VIEWER,
        (text("filter"), integer("max_results", default=10_000), texts("order_by"), text("page_token")),
    ),
    Route("GET", PLACE + "get-download-uri", download_uri, Role.VIEWER, ONE),
    Route("POST", PLACE + "set-tag", set_tag, Role.EDITOR, (*ONE, KEY, text("value"))),
    Route("DELETE", PLACE + "delete-tag", delete_tag, Role.EDITOR, (*ONE, KEY)),
)  # fmt: skip
