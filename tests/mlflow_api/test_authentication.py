"""Who calls the door: tokens and passwords, in the words and shapes that MLflow's programs look for."""

import base64
from collections.abc import Callable

import pytest

from mlregistry.accounts.actions import memberships, tokens
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import ApiToken, Membership, Role, User
from mlregistry.mlflow_api import authentication
from tests.cast import PASSWORD

from .conftest import Mlflow

Make = Callable[..., Mlflow]
FOUND = "/api/2.0/mlflow/experiments/search"
SEARCH = b'{"max_results": 1}'


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def asked(api: Mlflow, authorization: str | None) -> int:
    api.authorization = authorization
    return api.raw("POST", FOUND, SEARCH)[0]


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer wrong",
        "Basic !!!",
        "Basic eA==",
        "Digest x",
        basic("bob", "wrong"),
        "Basic \xff",
    ],
)
def test_without_valid_credentials_the_answer_is_401_in_mlflow_s_shape(
    mlflow: Make, bob: User, authorization: str | None
) -> None:
    api = mlflow()
    api.authorization = authorization
    status, headers, body = api.raw("POST", FOUND, SEARCH)
    assert status == 401
    assert headers["WWW-Authenticate"] == 'Basic realm="mlflow"'
    assert headers["Content-Type"] == "application/json"
    assert body.startswith(b'{"error_code":"UNAUTHENTICATED","message":"You are not authenticated')


def test_forbidden_says_permission_denied(mlflow: Make, vera: User) -> None:
    status, error = mlflow(vera).post("experiments/create", {"name": "x"})
    assert (status, error["error_code"]) == (403, "PERMISSION_DENIED")
    assert error["message"].startswith("Permission denied")


def test_a_token_travels_as_bearer_and_in_basic_as_password_or_name(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    secret = str(api.authorization).removeprefix("Bearer ")
    for authorization in (f"bearer {secret}", basic("anyone", secret), basic("", secret), basic(secret, "")):
        assert asked(api, authorization) == 200, authorization


def test_name_and_password_open_the_door(mlflow: Make, bob: User) -> None:
    assert asked(mlflow(), basic("bob", PASSWORD)) == 200


def test_a_closed_account_stays_out(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert asked(api, api.authorization) == 401
    assert asked(api, basic("bob", PASSWORD)) == 401


def test_a_revoked_token_and_a_lowered_role_count_at_once(
    mlflow: Make, alice: User, bob: User, actor_of: Callable[..., Actor]
) -> None:
    api = mlflow(bob)
    assert api.post("experiments/create", {"name": "x"})[0] == 200
    memberships.set_role(Membership.objects.get(user=bob), Role.VIEWER, by=actor_of(alice))
    assert api.post("experiments/create", {"name": "y"})[0] == 403
    tokens.revoke_token(ApiToken.objects.get(user=bob), by=actor_of(bob))
    assert api.get("experiments/get", experiment_id="0")[0] == 401


def test_who_was_just_seen_is_not_looked_up_again(
    mlflow: Make, bob: User, django_assert_num_queries: Callable[..., object]
) -> None:
    api = mlflow(bob)
    assert api.get("/api/3.0/mlflow/users/current")[0] == 404
    assert api.get("users/current")[0] == 200
    with django_assert_num_queries(0):  # type: ignore[attr-defined]  # a context manager
        assert api.get("users/current")[0] == 200


def test_what_is_remembered_has_an_end(mlflow: Make, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "MOST_REMEMBERED", 2)
    api = mlflow(bob)
    secret = str(api.authorization).removeprefix("Bearer ")
    for name in "abcd":
        assert asked(api, basic(name, secret)) == 200
    assert len(authentication._remembered) <= 2


def test_a_person_without_a_team_is_told_so(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    Membership.objects.filter(user=bob).delete()
    status, error = api.get("users/current")
    assert (status, error["error_code"]) == (403, "PERMISSION_DENIED")
    assert "no team" in error["message"]
