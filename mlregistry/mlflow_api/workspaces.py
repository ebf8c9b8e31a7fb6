"""MLflow's workspaces, which are teams: the name is the slug, and whoever makes one owns it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from mlregistry.accounts import access
from mlregistry.accounts.actions import teams
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role, Scope, Team
from mlregistry.accounts.queries import actors
from mlregistry.errors import Forbidden, Invalid, NotFound

from .authentication import DEFAULT_WORKSPACE
from .errors import NotImplementedHere
from .fields import anything, text
from .ids import present
from .route import Answer, Call, Reply, Route
from .wire import encoded

PLACE = "3.0/mlflow/workspaces"
MODES = ("RESTRICT", "SET_DEFAULT", "CASCADE")
UNSUPPORTED = {
    "default_artifact_root": "Artifacts of every team lie where the server keeps them, so a workspace has no root.",
    "trace_archival_config": "This server keeps no traces, so there is nothing to archive.",
}


def list_all(call: Call) -> Answer:
    rows = access.teams(call.by).order_by("slug")
    found = rows.filter(pk=call.by.team.pk) if call.in_one_team else rows
    return present(workspaces=[shown(team) for team in found])


def create(call: Call) -> Answer:
    by, name = call.by, call.given["name"]
    if by.user is None or call.in_one_team:
        raise Forbidden("This token is limited to one team; it cannot found another.")
    if name == DEFAULT_WORKSPACE:
        raise Invalid(f"The workspace '{name}' is reserved and cannot be created", field="name")
    _refuse_unsupported(call)
    made = teams.create_team(
        name, slug=name, description=call.given["description"] or "", by_user=by.user, via=by.via
    )
    return Reply(201, {"Content-Type": "application/json"}, (encoded({"workspace": shown(made)}),))


def get(call: Call) -> Answer:
    return {"workspace": shown(inside(call, call.given["workspace_name"]).team)}


def update(call: Call) -> Answer:
    by, description = inside(call, call.given["workspace_name"]), call.given["description"]
    _refuse_unsupported(call)
    if description is None:
        raise Invalid("A workspace update must have at least one key: description.", field="description")
    return {"workspace": shown(teams.update_team(by.team, description=description, by=by))}


def delete(call: Call) -> Answer:
    if call.given["workspace_name"] == DEFAULT_WORKSPACE:
        raise Invalid(f"The workspace '{DEFAULT_WORKSPACE}' is reserved and cannot be deleted")
    by, mode = inside(call, call.given["workspace_name"]), _mode(call)
    if mode != MODES[0]:
        raise NotImplementedHere(
            "A team is deleted only when it is empty; move or delete its contents first."
        )
    teams.delete_team(by.team, by=by)
    return Reply(204)


def inside(call: Call, name: str) -> Actor:
    """The caller in the team of this name; NotFound in a foreign one, or beyond a token's limit."""
    try:
        return actors.in_team(call.by, name, token=call.token)
    except NotFound:
        if name != DEFAULT_WORKSPACE:
            raise NotFound(f"Workspace '{name[:100]}' not found", field="workspace_name") from None
    return (
        call.by
        if call.in_one_team or call.by.user is None
        else actors.for_user(call.by.user, via=call.by.via)
    )


def shown(team: Team) -> dict[str, Any]:
    """A workspace as the wire has it."""
    return present(name=team.slug, description=team.description)


def _refuse_unsupported(call: Call) -> None:
    for name, why in UNSUPPORTED.items():
        if call.given[name]:
            raise NotImplementedHere(why)


def _mode(call: Call) -> str:
    mode: str = parse_qs(call.environ.get("QUERY_STRING", "")).get("mode", [MODES[0]])[-1]
    if mode not in MODES:
        raise Invalid(f"Invalid deletion mode. Must be one of: {', '.join(MODES)}", field="mode")
    return mode


NAME = text("workspace_name", required=True)
CHANGE = (text("description", default=None), text("default_artifact_root"), anything("trace_archival_config"))
ROUTES = (
    Route("GET", PLACE, list_all, Role.VIEWER),
    Route("POST", PLACE, create, Role.VIEWER, (text("name", required=True), *CHANGE), Scope.WRITE),
    Route("GET", PLACE + "/{workspace_name}", get, Role.VIEWER, (NAME,)),
    Route("PATCH", PLACE + "/{workspace_name}", update, Role.VIEWER, (NAME, *CHANGE), Scope.WRITE),
    Route("DELETE", PLACE + "/{workspace_name}", delete, Role.VIEWER, (NAME,), Scope.WRITE),
)
