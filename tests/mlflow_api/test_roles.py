"""MLflow's roles are the three of each team: read by its members, given and taken by its owners."""

from collections.abc import Callable

import pytest

from mlregistry.accounts.models import Membership, Role, Team, User

from .conftest import Mlflow
from .test_workspaces import limited

Make = Callable[..., Mlflow]
ROLES = "/api/3.0/mlflow/roles/"


def number(team: Team, role: Role) -> int:
    return team.pk * 100 + role


def role_of(user: User, team: Team) -> int | None:
    return Membership.objects.filter(user=user, team=team).values_list("role", flat=True).first()


def test_each_team_has_three_roles_with_one_permission_each(mlflow: Make, vera: User, team: Team) -> None:
    status, told = mlflow(vera).get(f"{ROLES}list", workspace="lab")
    assert status == 200
    permissions = [(role["name"], role["permissions"][0]["permission"]) for role in told["roles"]]
    assert permissions == [("viewer", "READ"), ("editor", "EDIT"), ("owner", "MANAGE")]
    first = told["roles"][0]
    assert (first["id"], first["workspace"]) == (number(team, Role.VIEWER), "lab")
    assert mlflow(vera).get(f"{ROLES}get", role_id=first["id"]) == (200, {"role": first})
    found = mlflow(vera).get(f"{ROLES}permissions/list", role_id=first["id"])
    assert found == (200, {"role_permissions": first["permissions"]})


def test_without_a_workspace_the_roles_of_all_own_teams_are_listed(
    mlflow: Make, alice: User, team: Team, other_team: Team
) -> None:
    assert len(mlflow(alice).get(f"{ROLES}list")[1]["roles"]) == 3
    Membership.objects.create(team=other_team, user=alice, role=Role.VIEWER)
    assert len(mlflow(alice).get(f"{ROLES}list")[1]["roles"]) == 6
    assert len(mlflow(alice).get(f"{ROLES}list", workspace=["lab", "rivals"])[1]["roles"]) == 6
    assert len(limited(mlflow(alice), alice, team).get(f"{ROLES}list")[1]["roles"]) == 3


def test_roles_of_foreign_teams_and_unknown_ones_are_not_found(
    mlflow: Make, alice: User, bob: User, team: Team, other_team: Team
) -> None:
    api = mlflow(alice)
    unknown = (number(other_team, Role.VIEWER), number(team, Role.VIEWER) + 1, 0, -1, 2**62)
    for role_id in unknown:
        for path in ("get", "permissions/list", "users/list"):
            assert api.get(ROLES + path, role_id=role_id)[1]["error_code"] == "RESOURCE_DOES_NOT_EXIST"
        assert api.post(f"{ROLES}assign", {"username": "bob", "role_id": role_id})[0] == 404
        assert api.delete(f"{ROLES}unassign", {"username": "bob", "role_id": role_id})[0] == 404
    assert api.get(f"{ROLES}list", workspace="rivals")[0] == 404
    for wrong in ("abc", 2**70, ""):
        assert api.get(f"{ROLES}get", role_id=wrong)[0] == 400


def test_an_owner_gives_a_member_another_role_and_takes_it(
    mlflow: Make, alice: User, vera: User, team: Team
) -> None:
    api, editor = mlflow(alice), number(team, Role.EDITOR)
    status, told = api.post(f"{ROLES}assign", {"username": "vera", "role_id": editor})
    assert status == 200
    assert (told["assignment"]["user_id"], told["assignment"]["role_id"]) == (vera.pk, editor)
    assert api.get(f"{ROLES}users/list", role_id=editor)[1] == {"assignments": [told["assignment"]]}
    wrong = {"username": "vera", "role_id": number(team, Role.VIEWER)}
    assert api.delete(f"{ROLES}unassign", wrong)[0] == 404
    assert api.delete(f"{ROLES}unassign", {"username": "vera", "role_id": editor}) == (200, {})
    assert role_of(vera, team) is None
    assert api.delete(f"{ROLES}unassign", {"username": "vera", "role_id": editor})[0] == 404


def test_assigning_a_role_brings_somebody_one_works_with_into_the_team(
    mlflow: Make, alice: User, bob: User, charlie: User, other_team: Team
) -> None:
    Membership.objects.create(team=other_team, user=alice, role=Role.OWNER)
    api, viewer = mlflow(alice), number(other_team, Role.VIEWER)
    assert api.post(f"{ROLES}assign", {"username": "bob", "role_id": viewer})[0] == 200
    assert role_of(bob, other_team) == Role.VIEWER
    Team.objects.create(slug="third", name="Third")
    User.objects.create_user("stranger")
    assert api.post(f"{ROLES}assign", {"username": "stranger", "role_id": viewer})[0] == 404


@pytest.mark.parametrize("who", ["bob", "vera"])
def test_who_is_no_owner_of_the_role_s_team_gives_and_takes_no_role(
    mlflow: Make, bob: User, vera: User, team: Team, who: str
) -> None:
    user = {"bob": bob, "vera": vera}[who]
    api, owner = mlflow(user), number(team, Role.OWNER)
    assert api.post(f"{ROLES}assign", {"username": who, "role_id": owner})[0] == 403
    other, held = ("vera", Role.VIEWER) if who == "bob" else ("bob", Role.EDITOR)
    status, _ = api.delete(f"{ROLES}unassign", {"username": other, "role_id": number(team, held)})
    assert status == 403
    assert role_of(bob, team) == Role.EDITOR
    assert role_of(vera, team) == Role.VIEWER


def test_an_owner_elsewhere_has_no_power_here(mlflow: Make, vera: User, bob: User, team: Team) -> None:
    api = mlflow(vera)
    api.post("/api/3.0/mlflow/workspaces", {"name": "vision"})
    there = mlflow(vera, team_slug="vision")
    for caller in (api, there):
        body = {"username": "vera", "role_id": number(team, Role.OWNER)}
        assert caller.post(f"{ROLES}assign", body)[0] == 403
    assert role_of(vera, team) == Role.VIEWER


def test_the_last_owner_stays(mlflow: Make, alice: User, team: Team) -> None:
    api = mlflow(alice)
    own = {"username": "alice", "role_id": number(team, Role.OWNER)}
    assert api.delete(f"{ROLES}unassign", own)[0] == 400
    assert api.post(f"{ROLES}assign", {**own, "role_id": number(team, Role.VIEWER)})[0] == 400
    assert role_of(alice, team) == Role.OWNER


def test_a_token_of_one_team_or_for_reading_assigns_nothing_elsewhere(
    mlflow: Make, alice: User, bob: User, team: Team, other_team: Team
) -> None:
    Membership.objects.create(team=other_team, user=alice, role=Role.OWNER)
    body = {"username": "bob", "role_id": number(other_team, Role.VIEWER)}
    assert limited(mlflow(alice), alice, team).post(f"{ROLES}assign", body)[0] == 404
    assert mlflow(alice, scopes=["read"]).post(f"{ROLES}assign", body)[0] == 403
    assert role_of(bob, other_team) is None


def test_other_roles_cannot_be_made_or_changed(mlflow: Make, alice: User, bob: User) -> None:
    for method, path in (
        ("POST", "create"), ("PATCH", "update"), ("DELETE", "delete"), ("POST", "permissions/add"),
        ("DELETE", "permissions/remove"), ("PATCH", "permissions/update"),
    ):  # fmt: skip
        body = b'{"role_id": 1, "name": "x", "workspace": "lab"}'
        status, _, told = mlflow(alice).raw(method, ROLES + path, body)
        assert (status, b"NOT_IMPLEMENTED" in told) == (501, True)
        assert mlflow(bob).raw(method, ROLES + path, body)[0] == 403
