"""MLflow's roles: the built-in viewer, editor and owner of each team. Others cannot be made here.

A role's id is made of the team's key and the role; its one permission is READ, EDIT or MANAGE on the team.
"""

from __future__ import annotations

from typing import Any

from mlregistry.accounts import access
from mlregistry.accounts.actions import memberships
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Membership, Role, Scope, Team
from mlregistry.accounts.queries import actors
from mlregistry.errors import NotFound

from .errors import NotImplementedHere
from .fields import MOST, integer, text, texts
from .route import Answer, Call, Route
from .workspaces import inside

PLACE = "3.0/mlflow/"
ROLES_PER_TEAM = 100
PERMISSIONS = {Role.VIEWER: "READ", Role.EDITOR: "EDIT", Role.OWNER: "MANAGE"}
DESCRIPTIONS = {
    Role.VIEWER: "Sees everything in the team.",
    Role.EDITOR: "Logs, trains, registers and changes.",
    Role.OWNER: "Decides who is in the team, too.",
}


def get(call: Call) -> Answer:
    by, role = _role(call)
    return {"role": shown(by.team, role)}


def list_all(call: Call) -> Answer:
    """The roles of the workspaces named, or of all teams of the caller."""
    names = call.given["workspace"]
    if names:
        found = [inside(call, name).team for name in names]
    else:
        rows = access.teams(call.by).order_by("slug")
        found = list(rows.filter(pk=call.by.team.pk) if call.in_one_team else rows)
    return {"roles": [shown(team, role) for team in found for role in Role]}


def list_permissions(call: Call) -> Answer:
    by, role = _role(call)
    return {"role_permissions": [permission(by.team, role)]}


def list_users(call: Call) -> Answer:
    by, role = _role(call)
    rows = access.members(by).filter(role=role, user__is_active=True).order_by("user__username")
    return {"assignments": [_assignment(member) for member in rows]}


def assign(call: Call) -> Answer:
    """Puts a user into the role's team, or gives a member another role."""
    by, role = _role(call)
    username = call.given["username"]
    member = access.members(by).filter(user__username=username).first()
    if member is None:
        by.require(Role.OWNER)
        member = memberships.add(access.addable_user(by, username), role=role, by=by)
    else:
        member = memberships.set_role(member, role, by=by)
    return {"assignment": _assignment(member)}


def unassign(call: Call) -> Answer:
    by, role = _role(call)
    member = access.member(by, call.given["username"])
    if member.role != role:
        raise NotFound(f"{member.user.username} does not have the role {role.label} in {by.team.name}.")
    memberships.remove(member, by=by)
    return {}


def fixed(call: Call) -> Answer:
    raise NotImplementedHere(
        "The roles viewer, editor and owner are built in; there are no others to change."
    )


def shown(team: Team, role: Role) -> dict[str, Any]:
    """A role as the wire has it."""
    return {
        "id": role_id(team, role),
        "name": role.label,
        "workspace": team.slug,
        "description": DESCRIPTIONS[role],
        "permissions": [permission(team, role)],
    }


def permission(team: Team, role: Role) -> dict[str, Any]:
    """What a role may do, as the wire has it."""
    number = role_id(team, role)
    return {
        "id": number,
        "role_id": number,
        "resource_type": "workspace",
        "resource_pattern": "*",
        "permission": PERMISSIONS[role],
    }


def role_id(team: Team, role: Role) -> int:
    return team.pk * ROLES_PER_TEAM + role


def _role(call: Call) -> tuple[Actor, Role]:
    """The caller in the team of the role that the request names; NotFound in a foreign one."""
    team_key, value = divmod(call.given["role_id"], ROLES_PER_TEAM)
    rows = access.teams(call.by).filter(pk=team_key) if 0 <= team_key <= MOST // ROLES_PER_TEAM else ()
    team = next(iter(rows), None)
    if team is None or value not in Role.values:
        raise NotFound(f"Role with id={call.given['role_id']} not found", field="role_id")
    return actors.in_team(call.by, team.slug, token=call.token), Role(value)


def _assignment(member: Membership) -> dict[str, Any]:
    number = role_id(member.team, Role(member.role))
    return {"id": member.pk, "user_id": member.user_id, "role_id": number}


ID = integer("role_id", required=True)
USERNAME = text("username", required=True)
ROUTES = (
    Route("GET", PLACE + "roles/get", get, Role.VIEWER, (ID,)),
    Route("GET", PLACE + "roles/list", list_all, Role.VIEWER, (texts("workspace"),)),
    Route("GET", PLACE + "roles/permissions/list", list_permissions, Role.VIEWER, (ID,)),
    Route("GET", PLACE + "roles/users/list", list_users, Role.VIEWER, (ID,)),
    Route("POST", PLACE + "roles/assign", assign, Role.VIEWER, (USERNAME, ID), Scope.WRITE),
    Route("DELETE", PLACE + "roles/unassign", unassign, Role.VIEWER, (USERNAME, ID), Scope.WRITE),
    Route("POST", PLACE + "roles/create", fixed, Role.OWNER, None),
    Route("PATCH", PLACE + "roles/update", fixed, Role.OWNER, None),
    Route("DELETE", PLACE + "roles/delete", fixed, Role.OWNER, None),
    Route("POST", PLACE + "roles/permissions/add", fixed, Role.OWNER, None),
    Route("DELETE", PLACE + "roles/permissions/remove", fixed, Role.OWNER, None),
    Route("PATCH", PLACE + "roles/permissions/update", fixed, Role.OWNER, None),
)
