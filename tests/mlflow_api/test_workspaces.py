"""MLflow's workspaces are teams: made, listed, changed, deleted, and chosen by header or address."""

from collections.abc import Callable

import pytest

from experiments.actions.experiments import create_experiment
from mlregistry.accounts.actions import tokens
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, Membership, Role, Team, User
from mlregistry.accounts.queries import actors

from .conftest import Mlflow

Make = Callable[..., Mlflow]
PLACE = "/api/3.0/mlflow/workspaces"


def limited(api: Mlflow, user: User, team: Team) -> Mlflow:
    """The client with a token that is limited to the team."""
    scopes = ["read", "write"]
    _, secret = tokens.create_token("one team", scopes=scopes, team=team, by=actors.for_user(user))
    api.authorization = f"Bearer {secret}"
    return api


def seen(api: Mlflow) -> list[str]:
    return [row["name"] for row in api.get(PLACE)[1].get("workspaces", [])]


def test_whoever_makes_a_workspace_owns_it_and_sees_it_beside_the_others(
    mlflow: Make, vera: User, bob: User
) -> None:
    api = mlflow(vera)
    status, made = api.post(PLACE, {"name": "vision", "description": "cameras"})
    assert (status, made) == (201, {"workspace": {"name": "vision", "description": "cameras"}})
    assert Membership.objects.get(team__slug="vision").user == vera
    assert Membership.objects.get(team__slug="vision").role == Role.OWNER
    assert seen(api) == ["lab", "vision"]
    assert seen(mlflow(bob)) == ["lab"]
    assert api.get(f"{PLACE}/vision") == (200, made)
    assert AuditEvent.objects.get(action="team.create").via == "mlflow"


def test_a_name_is_taken_once_and_default_is_reserved(mlflow: Make, bob: User, other_team: Team) -> None:
    api = mlflow(bob)
    for name in ("lab", "rivals"):
        status, error = api.post(PLACE, {"name": name})
        assert (status, error["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")
    status, error = api.post(PLACE, {"name": "default"})
    assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "cannot be created" in error["message"]


@pytest.mark.parametrize(
    "name", ["", "Upper", "a b", "-a", "a-", "x" * 64, "a/b", "é", "a\n", None, 5, "a\x00"]
)
def test_names_are_those_of_addresses(mlflow: Make, bob: User, name: object) -> None:
    status, error = mlflow(bob).post(PLACE, {"name": name})
    assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_roots_and_trace_archives_are_not_there(mlflow: Make, alice: User) -> None:
    api = mlflow(alice)
    for extra in ({"default_artifact_root": "s3://x"}, {"trace_archival_config": {"location": "s3://x"}}):
        assert api.post(PLACE, {"name": "vision", **extra})[1]["error_code"] == "NOT_IMPLEMENTED"
        assert api.patch(f"{PLACE}/lab", {"description": "x", **extra})[0] == 501
    assert not Team.objects.filter(slug="vision").exists()


def test_owners_change_the_description_and_others_do_not(mlflow: Make, alice: User, bob: User) -> None:
    assert mlflow(alice).patch(f"{PLACE}/lab", {"description": "new"}) == (
        200,
        {"workspace": {"name": "lab", "description": "new"}},
    )
    assert mlflow(bob).patch(f"{PLACE}/lab", {"description": "x"})[1]["error_code"] == "PERMISSION_DENIED"
    assert mlflow(alice).patch(f"{PLACE}/lab", {})[0] == 400
    assert mlflow(alice).patch(f"{PLACE}/lab", {"description": ""})[1] == {"workspace": {"name": "lab"}}


def test_only_an_empty_team_is_deleted_and_its_audit_trail_stays(
    mlflow: Make, alice: User, team: Team, actor_of: Callable[..., Actor]
) -> None:
    api = mlflow(alice)
    api.post(PLACE, {"name": "vision"})
    create_experiment("kept", by=actor_of(alice, "vision"))
    status, error = api.delete(f"{PLACE}/vision")
    assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "experiments" in error["message"]
    api.post(PLACE, {"name": "empty"})
    assert api.delete(f"{PLACE}/empty") == (204, b"")
    assert seen(api) == ["lab", "vision"]
    assert AuditEvent.objects.filter(target_name="empty", action="team.delete", team=None).exists()


def test_deletion_that_would_move_or_delete_contents_is_not_there(mlflow: Make, alice: User) -> None:
    api = mlflow(alice)
    for mode, expected in (("CASCADE", 501), ("SET_DEFAULT", 501), ("SOME", 400)):
        assert api.raw("DELETE", f"{PLACE}/lab", query=f"mode={mode}")[0] == expected
    assert api.delete(f"{PLACE}/default")[0] == 400


def test_who_does_not_own_a_team_does_not_delete_it(mlflow: Make, bob: User, charlie: User) -> None:
    assert mlflow(bob).delete(f"{PLACE}/lab")[0] == 403
    assert mlflow(charlie).delete(f"{PLACE}/lab")[0] == 404


def test_a_foreign_workspace_is_not_found(mlflow: Make, bob: User, charlie: User) -> None:
    api = mlflow(charlie)
    for answer in (api.get(f"{PLACE}/lab"), api.patch(f"{PLACE}/lab", {"description": "x"})):
        assert (answer[0], answer[1]["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_a_reading_token_makes_and_changes_no_workspace(mlflow: Make, alice: User) -> None:
    api = mlflow(alice, scopes=["read"])
    assert api.post(PLACE, {"name": "vision"})[0] == 403
    assert api.patch(f"{PLACE}/lab", {"description": "x"})[0] == 403
    assert api.delete(f"{PLACE}/lab")[0] == 403


def test_a_token_of_one_team_stays_in_it(mlflow: Make, alice: User, team: Team) -> None:
    mlflow(alice).post(PLACE, {"name": "vision"})
    api = limited(mlflow(alice), alice, team)
    assert seen(api) == ["lab"]
    assert api.get(f"{PLACE}/vision")[0] == 404
    assert api.post(PLACE, {"name": "third"})[0] == 403
    assert api.get(f"{PLACE}/default")[1]["workspace"]["name"] == "lab"
    assert experiments_in(api, "vision") == 404


def test_the_header_chooses_the_team_and_default_is_one_s_own(mlflow: Make, alice: User) -> None:
    api = mlflow(alice)
    api.post(PLACE, {"name": "vision"})
    made = api.raw(
        "POST",
        "/api/2.0/mlflow/experiments/create",
        b'{"name": "there"}',
        headers={"X-MLFLOW-WORKSPACE": "vision"},
    )
    assert made[0] == 200
    assert experiments_in(api, "vision") == 200
    assert experiments_in(api, "lab") == 404
    assert experiments_in(api, "default") == 404
    assert api.get(f"{PLACE}/default")[1]["workspace"]["name"] == "lab"


def test_default_is_the_team_of_that_name_for_those_who_are_in_it(
    mlflow: Make, alice: User, bob: User
) -> None:
    named = Team.objects.create(slug="default", name="Default")
    Membership.objects.create(team=named, user=alice, role=Role.VIEWER)
    for user, expected in ((alice, "default"), (bob, "lab")):
        assert mlflow(user).get(f"{PLACE}/default")[1]["workspace"]["name"] == expected


def test_address_and_header_must_agree_and_names_be_names(mlflow: Make, alice: User) -> None:
    api = mlflow(alice, team_slug="lab")
    assert experiments_in(api, "lab") == 404
    assert experiments_in(api, "vision") == 400
    assert experiments_in(api, "default") == 400
    for wrong in ("Not A Name", "x" * 100, "a\x00", "é"):
        assert experiments_in(mlflow(alice), wrong) == 400, wrong


def test_a_foreign_team_is_not_found_by_header_or_address(mlflow: Make, bob: User, charlie: User) -> None:
    assert experiments_in(mlflow(bob), "rivals") == 404
    status, error = mlflow(bob, team_slug="rivals").get("experiments/get", experiment_id="0")
    assert (status, error["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


def experiments_in(api: Mlflow, workspace: str) -> int:
    """The status when the experiment “there” is asked for in a workspace."""
    return api.raw(
        "GET",
        "/api/2.0/mlflow/experiments/get-by-name",
        query="experiment_name=there",
        headers={"X-MLFLOW-WORKSPACE": workspace},
    )[0]
