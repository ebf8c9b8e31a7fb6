"""MLflow's routes of registered models and their aliases."""

from __future__ import annotations

from typing import Any

from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid, NotFound
from models_app.actions import aliases, tags
from models_app.actions import models as actions
from models_app.actions.alias_names import check_form
from models_app.actions.stages import read_stage
from models_app.models import RegisteredModel
from models_app.queries import records
from models_app.queries.records import ModelRecord
from models_app.queries.search import search_models

from . import ids, model_versions
from .fields import Field, integer, objects, text, texts
from .ids import present
from .model_versions import NAME, VERSION, found_version
from .model_versions import shown as shown_version
from .route import Answer, Call, Route

PLACE = "2.0/mlflow/registered-models/"
LATEST = "latest"


def create(call: Call) -> Answer:
    made = actions.create_model(
        call.given["name"],
        description=call.given["description"],
        tags=ids.unpaired(call.given["tags"], "tags"),
        by=call.by,
    )
    return _answer(call, made.name)


def get(call: Call) -> Answer:
    return _answer(call, call.given["name"])


def update(call: Call) -> Answer:
    actions.update_model(_found(call), description=call.given["description"], by=call.by)
    return _answer(call, call.given["name"])


def rename(call: Call) -> Answer:
    return _answer(call, actions.rename_model(_found(call), call.given["new_name"], by=call.by).name)


def delete(call: Call) -> Answer:
    actions.delete_model(_found(call), by=call.by)
    return {}


def search(call: Call) -> Answer:
    given = call.given
    found = search_models(
        call.by.team.pk,
        filter=given["filter"],
        order_by=given["order_by"] or (),
        max_results=given["max_results"],
        page_token=given["page_token"],
    )
    return present(
        registered_models=[shown(row) for row in found.rows], next_page_token=found.next_page_token
    )


def latest_versions(call: Call) -> Answer:
    stages = {read_stage(stage) for stage in call.given["stages"] or ()}
    found = _record(call, call.given["name"]).latest
    return present(model_versions=[shown_version(row) for row in found if not stages or row.stage in stages])


def set_tag(call: Call) -> Answer:
    tags.set_model_tag(_found(call), call.given["key"], call.given["value"], by=call.by)
    return {}


def delete_tag(call: Call) -> Answer:
    tags.delete_model_tag(_found(call), call.given["key"], by=call.by)
    return {}


def set_alias(call: Call) -> Answer:
    version = found_version(call)
    aliases.set_alias(version.model, call.given["alias"], version, by=call.by)
    return {}


def delete_alias(call: Call) -> Answer:
    aliases.delete_alias(_found(call), call.given["alias"], missing_ok=True, by=call.by)
    return {}


def get_alias(call: Call) -> Answer:
    team, name, alias = call.by.team.pk, call.given["name"], call.given["alias"]
    if alias.lower() == LATEST:
        found = records.newest_version(team, name)
    else:
        found = records.version_by_alias(team, name, alias)
    if found is None:
        raise _no_alias(team, name, alias)
    return {"model_version": shown_version(found)}


def shown(found: ModelRecord) -> dict[str, Any]:
    """A registered model as the wire has it; aliases stand on it, not on its versions."""
    return present(
        name=found.name,
        creation_timestamp=found.created,
        last_updated_timestamp=found.updated,
        description=found.description,
        latest_versions=[shown_version(row, aliases=False) for row in found.latest],
        tags=ids.pairs(found.tags),
        aliases=[{"alias": alias, "version": str(number)} for alias, number in found.aliases.items()],
    )


def _answer(call: Call, name: str) -> Answer:
    return {"registered_model": shown(_record(call, name))}


def _record(call: Call, name: str) -> ModelRecord:
    found = records.model(call.by.team.pk, name)
    if found is None:
        raise model_versions.no_model(name)
    return found


def _found(call: Call) -> RegisteredModel:
    return model_versions.found_model(call)


def _no_alias(team_id: int, name: str, alias: str) -> NotFound | Invalid:
    """A model that is not there is not found; an alias it lacks is an invalid value."""
    if not records.model_exists(team_id, name):
        return model_versions.no_model(name)
    if alias.lower() == LATEST:
        return NotFound(f"Latest version not found for model {name}.", field="alias")
    check_form(alias)
    return Invalid(f"Registered model alias {alias} not found.", field="alias")


KEY = text("key", required=True)
ALIAS = text("alias", required=True)
STAGES = (NAME, texts("stages"))
ROUTES = (
    Route(
        "POST", PLACE + "create", create, Role.EDITOR, (NAME, text("description"), objects("tags")),
    ),
    Route(
        "POST", PLACE + "rename", rename, Role.EDITOR, (NAME, Field("new_name", NAME.read, required=True)),
    ),
    Route("PATCH", PLACE + "update", update, Role.EDITOR, (NAME, text("description"))),
    Route("DELETE", PLACE + "delete", delete, Role.EDITOR, (NAME,)),
    Route("GET", PLACE + "get", get, Role.VIEWER, (NAME,)),
    Route(
        "GET", PLACE + "search", search, Role.VIEWER,
        (text("filter"), integer("max_results", default=100), texts("order_by"), text("page_token")),
    ),
    Route("POST", PLACE + "get-latest-versions", latest_versions, Role.VIEWER, STAGES),
    Route("GET", PLACE + "get-latest-versions", latest_versions, Role.VIEWER, STAGES),
    Route("POST", PLACE + "set-tag", set_tag, Role.EDITOR, (NAME, KEY, text("value"))),
    Route("DELETE", PLACE + "delete-tag", delete_tag, Role.EDITOR, (NAME, KEY)),
    Route("POST", PLACE + "alias", set_alias, Role.EDITOR, (NAME, ALIAS, VERSION)),
    Route("DELETE", PLACE + "alias", delete_alias, Role.EDITOR, (NAME, ALIAS)),
    Route("GET", PLACE + "alias", get_alias, Role.VIEWER, (NAME, ALIAS)),
)  # fmt: skip
