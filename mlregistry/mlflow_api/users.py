"""MLflow's users, and what they may do: our accounts and memberships. Passwords are never shown."""

from __future__ import annotations

from typing import Any

from mlregistry.accounts import access
from mlregistry.accounts.actions import users as actions
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Membership, Role, Scope, User
from mlregistry.errors import Forbidden, Invalid, NotFound
from models_app import access as models

from . import ids, roles
from .errors import NotImplementedHere, Worded
from .fields import Field, boolean, text
from .route import Answer, Call, Route

PLACE, PLACE_3 = "2.0/mlflow/users/", "3.0/mlflow/users/"
NOTHING = "NO_PERMISSIONS"
USABLE = ("EDIT", "MANAGE")


def create(call: Call) -> Answer:
    _check_reach(call)
    return {"user": shown(actions.create_user(call.given["username"], call.given["password"], by=call.by))}


def get(call: Call) -> Answer:
    return {"user": shown(_user(call))}


def current(call: Call) -> Answer:
    basic = call.environ.get("HTTP_AUTHORIZATION", "").lower().startswith("basic ")
    return {"user": shown(_caller(call)), "is_basic_auth": basic and call.token is None}


def list_all(call: Call) -> Answer:
    """Everybody the caller may see, with the roles the caller may see: two queries."""
    known: dict[int, list[Membership]] = {}
    for member in _visible(call):
        known.setdefault(member.user_id, []).append(member)
    rows = access.users(call.by, in_one_team=call.in_one_team).order_by("pk")
    return {"users": [{**shown(user), "roles": _roles(known.get(user.pk, []))} for user in rows]}


def update_password(call: Call) -> Answer:
    """One's own with the old one; an administrator anybody's."""
    user, new, old = _user(call), call.given["password"], call.given["current_password"]
    if user.pk != _caller(call).pk:
        _check_reach(call)
        actions.set_password(user, new, by=call.by)
    elif not old:
        raise Invalid(
            "Current password is required when changing your own password.", field="current_password"
        )
    elif old == new:
        raise Invalid("New password must differ from the current password.", field="password")
    else:
        actions.change_password(user, old, new, by=call.by)
    return {}


def update_admin(call: Call) -> Answer:
    _check_reach(call)
    if call.given["is_admin"] is None:
        raise Invalid("Missing value for required parameter 'is_admin'.", field="is_admin")
    actions.set_administrator(_user(call), call.given["is_admin"], by=call.by)
    return {}


def delete(call: Call) -> Answer:
    _check_reach(call)
    user = _user(call)
    if user.pk == _caller(call).pk:
        raise Worded(
            "Users cannot delete their own account; ask another one.", code="BAD_REQUEST", status=400
        )
    actions.close_user(user, by=call.by)
    return {}


def list_roles(call: Call) -> Answer:
    return {"roles": _roles(_visible(call).filter(user=_user(call)).order_by("team__slug"))}


def list_permissions(call: Call) -> Answer:
    user = _user(call)
    return _permissions(user, _visible(call).filter(user=user).order_by("team__slug"))


def list_own_permissions(call: Call) -> Answer:
    user = _caller(call)
    return _permissions(user, _visible(call).filter(user=user).order_by("team__slug"))


def get_permission(call: Call) -> Answer:
    """What a user may do with a thing of this team; a thing that is not there allows nothing."""
    user = _user(call)
    find = RESOURCES.get(call.given["resource_type"])
    if find is None:
        known = ", ".join(RESOURCES)
        raise Invalid(f"Unsupported resource_type; it must be one of {known}.", field="resource_type")
    member = access.members(call.by).filter(user=user).first()
    permission = roles.PERMISSIONS[Role(member.role)] if member is not None else NOTHING
    try:
        find(call.by, call.given["resource_id"])
    except (NotFound, Invalid):
        permission = NOTHING
    return {"allowed": permission in USABLE, "permission": permission}


def not_per_thing(call: Call) -> Answer:
    raise NotImplementedHere("Permissions belong to roles in teams here; assign the user a role instead.")


def by_invitation(call: Call) -> Answer:
    raise NotImplementedHere("People sign up with an invitation here; an owner makes one on the page “Team”.")


def shown(user: User) -> dict[str, Any]:
    """A user as the wire has it."""
    return {"id": user.pk, "username": user.username, "is_admin": user.is_superuser}


def _roles(rows: Any) -> list[dict[str, Any]]:
    return [roles.shown(member.team, Role(member.role)) for member in rows]


def _permissions(user: User, rows: Any) -> dict[str, Any]:
    found = []
    for member in rows:
        role = Role(member.role)
        row = roles.permission(member.team, role)
        del row["id"]
        found.append({**row, "role_name": role.label, "workspace": member.team.slug})
    return {"is_admin": user.is_superuser, "permissions": found}


def _visible(call: Call) -> Any:
    return access.memberships(call.by, in_one_team=call.in_one_team)


def _user(call: Call) -> User:
    return access.user(call.by, call.given["username"], in_one_team=call.in_one_team)


def _caller(call: Call) -> User:
    if call.by.user is None:
        raise Forbidden("Only a person has an account.")
    return call.by.user


def _check_reach(call: Call) -> None:
    """Accounts belong to no team, so a token that is limited to one does not reach them."""
    if call.in_one_team or not _caller(call).is_superuser:
        raise Forbidden("This is for administrators of the server, with a token for all of their teams.")


def _workspace(by: Actor, name: str) -> None:
    if name not in (by.team.slug, "*"):
        raise NotFound("Not this team.")


def _secret(value: Any, field: str) -> str:
    """A text that no message repeats."""
    if not isinstance(value, str) or "\x00" in value or not value.isprintable():
        raise Invalid(f"Invalid value for parameter '{field}': it must be printable text.", field=field)
    return value


RESOURCES = {
    "experiment": ids.experiment,
    "registered_model": models.model,
    "prompt": models.model,
    "workspace": _workspace,
}
USERNAME = text("username", required=True)
PASSWORD = Field("password", _secret, required=True)
OLD_PASSWORD = Field("current_password", _secret)
RESOURCE = (USERNAME, text("resource_type", required=True), text("resource_id", required=True))
ROUTES = (
    Route("POST", PLACE + "create", create, Role.VIEWER, (USERNAME, PASSWORD), Scope.WRITE),
    Route("POST", PLACE + "create-ui", by_invitation, Role.VIEWER, None, Scope.WRITE),
    Route("GET", PLACE + "get", get, Role.VIEWER, (USERNAME,)),
    Route("GET", PLACE + "list", list_all, Role.VIEWER),
    Route("GET", PLACE + "current", current, Role.VIEWER),
    Route(
        "PATCH", PLACE + "update-password", update_password, Role.VIEWER,
        (USERNAME, PASSWORD, OLD_PASSWORD), Scope.WRITE,
    ),
    Route(
        "PATCH", PLACE + "update-admin", update_admin, Role.VIEWER, (USERNAME, boolean("is_admin")), Scope.WRITE
    ),
    Route("DELETE", PLACE + "delete", delete, Role.VIEWER, (USERNAME,), Scope.WRITE),
    Route("GET", PLACE_3 + "current/permissions", list_own_permissions, Role.VIEWER),
    Route("GET", PLACE_3 + "permissions/list", list_permissions, Role.VIEWER, (USERNAME,)),
    Route("GET", PLACE_3 + "permissions/get", get_permission, Role.VIEWER, RESOURCE),
    Route("POST", PLACE_3 + "permissions/grant", not_per_thing, Role.OWNER, None),
    Route("POST", PLACE_3 + "permissions/revoke", not_per_thing, Role.OWNER, None),
    Route("GET", PLACE_3 + "roles/list", list_roles, Role.VIEWER, (USERNAME,)),
)  # fmt: skip
