"""MLflow's users over its wire: who sees, makes, changes and closes accounts; what they may do."""

import logging
from collections.abc import Callable

import pytest

from mlregistry.accounts.models import AuditEvent, Membership, Role, Team, User
from tests.cast import PASSWORD

from .conftest import Mlflow
from .test_authentication import asked, basic
from .test_workspaces import limited

Make = Callable[..., Mlflow]
V3 = "/api/3.0/mlflow/users/"
NEW = "another fine battery"


@pytest.fixture
def root(alice: User) -> User:
    """alice as an administrator of the server."""
    alice.is_superuser = True
    alice.save()
    return alice


def test_an_administrator_makes_accounts_which_start_as_viewers_of_the_team(mlflow: Make, root: User) -> None:
    status, made = mlflow(root).post("users/create", {"username": "dora", "password": PASSWORD})
    dora = User.objects.get(username="dora")
    assert (status, made) == (200, {"user": {"id": dora.pk, "username": "dora", "is_admin": False}})
    assert Membership.objects.get(user=dora).role == Role.VIEWER
    assert asked(mlflow(), basic("dora", PASSWORD)) == 200
    assert AuditEvent.objects.filter(action="user.create", user=root).exists()


def test_a_taken_or_impossible_name_and_a_weak_password_are_refused(
    mlflow: Make, root: User, bob: User
) -> None:
    api = mlflow(root)
    for name in ("bob", "BOB"):
        status, error = api.post("users/create", {"username": name, "password": PASSWORD})
        assert (status, error["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")
    for body in (
        {"username": "", "password": PASSWORD}, {"username": "d", "password": ""}, {"username": "d"},
        {"username": "d o", "password": PASSWORD}, {"username": "d" * 151, "password": PASSWORD},
        {"username": "dora", "password": "short"}, {"username": "dora", "password": 5},
    ):  # fmt: skip
        status, error = api.post("users/create", body)
        assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), body


def test_nobody_but_an_administrator_makes_promotes_or_closes_accounts(
    mlflow: Make, alice: User, bob: User
) -> None:
    api = mlflow(alice)
    assert api.post("users/create", {"username": "dora", "password": PASSWORD})[0] == 403
    assert api.patch("users/update-admin", {"username": "alice", "is_admin": True})[0] == 403
    assert api.delete("users/delete", {"username": "bob"})[0] == 403
    assert api.patch("users/update-password", {"username": "bob", "password": NEW})[0] == 403
    assert not User.objects.filter(is_superuser=True).exists()


def test_an_administrator_s_token_of_one_team_or_for_reading_does_not_either(
    mlflow: Make, root: User, bob: User, team: Team
) -> None:
    for api in (limited(mlflow(root), root, team), mlflow(root, scopes=["read"])):
        assert api.post("users/create", {"username": "dora", "password": PASSWORD})[0] == 403
        assert api.delete("users/delete", {"username": "bob"})[0] == 403
        assert api.patch("users/update-admin", {"username": "bob", "is_admin": True})[0] == 403
        assert api.patch("users/update-password", {"username": "bob", "password": NEW})[0] == 403


def test_a_closed_account_is_gone_and_its_tokens_and_password_with_it(
    mlflow: Make, root: User, bob: User
) -> None:
    api, his = mlflow(root), mlflow(bob)
    assert his.get("users/current")[0] == 200
    assert api.delete("users/delete", {"username": "bob"}) == (200, {})
    assert his.get("users/current")[0] == 401
    assert asked(mlflow(), basic("bob", PASSWORD)) == 401
    assert api.get("users/get", username="bob")[0] == 404
    assert api.delete("users/delete", {"username": "bob"})[0] == 404
    assert [row["username"] for row in api.get("users/list")[1]["users"]] == ["alice"]


def test_nobody_closes_their_own_account_and_one_administrator_stays(
    mlflow: Make, root: User, bob: User
) -> None:
    api = mlflow(root)
    status, error = api.delete("users/delete", {"username": "alice"})
    assert (status, error["error_code"]) == (400, "BAD_REQUEST")
    assert api.patch("users/update-admin", {"username": "alice", "is_admin": False})[0] == 400
    assert api.patch("users/update-admin", {"username": "bob"})[0] == 400
    assert api.patch("users/update-admin", {"username": "bob", "is_admin": True}) == (200, {})
    assert mlflow(bob).get("users/get", username="bob")[1]["user"]["is_admin"] is True
    assert api.patch("users/update-admin", {"username": "alice", "is_admin": False}) == (200, {})
    assert api.post("users/create", {"username": "dora", "password": PASSWORD})[0] == 403


def test_one_changes_one_s_own_password_with_the_old_one(mlflow: Make, bob: User) -> None:
    api, place = mlflow(bob), "users/update-password"
    mine = {"username": "bob", "password": NEW}
    assert "Current password is required" in api.patch(place, mine)[1]["message"]
    assert api.patch(place, {**mine, "current_password": "wrong"})[0] == 400
    assert api.patch(place, {**mine, "password": PASSWORD, "current_password": PASSWORD})[0] == 400
    assert api.patch(place, {**mine, "password": "x", "current_password": PASSWORD})[0] == 400
    assert asked(mlflow(), basic("bob", PASSWORD)) == 200
    assert api.patch(place, {**mine, "current_password": PASSWORD}) == (200, {})
    assert asked(mlflow(), basic("bob", PASSWORD)) == 401
    assert asked(mlflow(), basic("bob", NEW)) == 200


def test_an_administrator_sets_another_s_password(mlflow: Make, root: User, bob: User) -> None:
    api = mlflow(root)
    assert api.patch("users/update-password", {"username": "bob", "password": "x"})[0] == 400
    assert api.patch("users/update-password", {"username": "bob", "password": NEW}) == (200, {})
    assert asked(mlflow(), basic("bob", NEW)) == 200


def test_passwords_are_in_no_answer_and_no_log(
    mlflow: Make, root: User, bob: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    api, said = mlflow(root), ""
    for secret in ("kept quiet 1", ["kept quiet 2"], "kept"):
        said += str(api.post("users/create", {"username": "dora", "password": secret}))
        said += str(api.patch("users/update-password", {"username": "bob", "password": secret}))
    own = {"username": "alice", "password": NEW, "current_password": "kept quiet 3"}
    said += str(api.patch("users/update-password", own))
    assert "kept" not in said
    assert "kept" not in caplog.text


def test_people_see_whom_they_work_with_and_nobody_else(
    mlflow: Make, bob: User, vera: User, charlie: User
) -> None:
    api = mlflow(bob)
    assert api.get("users/get", username="vera")[1]["user"]["id"] == vera.pk
    assert [row["username"] for row in api.get("users/list")[1]["users"]] == ["bob", "vera"]
    for path in ("users/get", f"{V3}roles/list", f"{V3}permissions/list"):
        assert api.get(path, username="charlie")[1]["error_code"] == "RESOURCE_DOES_NOT_EXIST"
        assert api.get(path)[0] == 400


def test_an_administrator_sees_everybody_but_not_with_a_token_of_one_team(
    mlflow: Make, root: User, bob: User, charlie: User, team: Team
) -> None:
    names = [row["username"] for row in mlflow(root).get("users/list")[1]["users"]]
    assert names == ["alice", "bob", "charlie"]
    api = limited(mlflow(root), root, team)
    assert [row["username"] for row in api.get("users/list")[1]["users"]] == ["alice", "bob"]
    assert api.get("users/get", username="charlie")[0] == 404


def test_a_list_of_users_takes_a_fixed_number_of_queries(
    mlflow: Make, bob: User, vera: User, alice: User, django_assert_num_queries: Callable[..., object]
) -> None:
    api = mlflow(bob)
    api.get("users/current")
    with django_assert_num_queries(2):  # type: ignore[attr-defined]  # a context manager
        rows = api.get("users/list")[1]["users"]
    assert [row["roles"][0]["name"] for row in rows] == ["editor", "viewer", "owner"]


def test_the_caller_is_told_who_they_are(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    told = {"user": {"id": bob.pk, "username": "bob", "is_admin": False}, "is_basic_auth": False}
    assert api.get("users/current") == (200, told)
    api.authorization = basic("bob", PASSWORD)
    assert api.get("users/current") == (200, {**told, "is_basic_auth": True})


def test_permissions_are_those_of_the_roles_in_teams(mlflow: Make, bob: User, vera: User, team: Team) -> None:
    row = {
        "role_id": team.pk * 100 + 20, "resource_type": "workspace", "resource_pattern": "*",
        "permission": "EDIT", "role_name": "editor", "workspace": "lab",
    }  # fmt: skip
    expected = (200, {"is_admin": False, "permissions": [row]})
    assert mlflow(bob).get(f"{V3}current/permissions") == expected
    assert mlflow(vera).get(f"{V3}permissions/list", username="bob") == expected


def test_roles_in_teams_that_the_caller_is_not_in_are_not_shown(
    mlflow: Make, bob: User, vera: User, other_team: Team
) -> None:
    Membership.objects.create(team=other_team, user=vera, role=Role.OWNER)
    for path, key in ((f"{V3}roles/list", "roles"), (f"{V3}permissions/list", "permissions")):
        assert [row["workspace"] for row in mlflow(bob).get(path, username="vera")[1][key]] == ["lab"]
        assert len(mlflow(vera).get(path, username="vera")[1][key]) == 2


def test_a_permission_on_a_thing_is_that_of_the_role_and_none_on_what_is_not_there(
    mlflow: Make, bob: User, vera: User
) -> None:
    made = mlflow(bob).post("experiments/create", {"name": "x"})[1]["experiment_id"]
    api, place = mlflow(bob), f"{V3}permissions/get"
    for name, kind, thing, allowed, permission in (
        ("bob", "experiment", made, True, "EDIT"), ("vera", "experiment", made, False, "READ"),
        ("bob", "experiment", "987654", False, "NO_PERMISSIONS"), ("bob", "workspace", "lab", True, "EDIT"),
        ("bob", "registered_model", "none", False, "NO_PERMISSIONS"),
        ("bob", "experiment", "no number", False, "NO_PERMISSIONS"),
        ("bob", "workspace", "rivals", False, "NO_PERMISSIONS"),
    ):  # fmt: skip
        asked_for = {"username": name, "resource_type": kind, "resource_id": thing}
        assert api.get(place, **asked_for) == (200, {"allowed": allowed, "permission": permission}), asked_for
    assert api.get(place, username="bob", resource_type="gateway_secret", resource_id="1")[0] == 400
    assert api.get(place, username="charlie", resource_type="experiment", resource_id="1")[0] == 404


def test_permissions_per_thing_and_signing_up_are_not_there(mlflow: Make, alice: User, bob: User) -> None:
    for path in (f"{V3}permissions/grant", f"{V3}permissions/revoke", "users/create-ui"):
        status, error = mlflow(alice).post(path, {"username": "bob"})
        assert (status, error["error_code"]) == (501, "NOT_IMPLEMENTED")
    assert mlflow(bob).post(f"{V3}permissions/grant", {})[0] == 403
