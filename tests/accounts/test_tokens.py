"""API tokens: made, limited, expired, revoked; what the doors make of them."""

from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client, override_settings
from django.utils import timezone
from rest_framework.test import APIClient

from mlregistry.accounts.actions import tokens
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import ApiToken, AuditEvent, Membership, Role, Scope, Team, User
from mlregistry.accounts.queries import actors
from mlregistry.errors import Conflict, Forbidden, Invalid, MlregistryError, NotFound, Unauthenticated

ActorOf = Callable[..., Actor]
Api = Callable[..., APIClient]
ME = "/api/v1/me"
CALLS: list[str] = []


def note_call() -> None:
    CALLS.append("called")


def basic(username: str, password: str) -> str:
    return "Basic " + b64encode(f"{username}:{password}".encode()).decode()


def test_only_the_digest_of_a_secret_is_stored(vera: User, actor_of: ActorOf) -> None:
    token, secret = tokens.create_token("laptop", scopes=["read"], by=actor_of(vera))
    assert secret.startswith("mlr_")
    assert len(secret) >= 47
    assert len(bytes(token.digest)) == 32
    stored = str(ApiToken.objects.filter(pk=token.pk).values().get())
    assert secret not in stored
    assert secret not in str(list(AuditEvent.objects.values()))
    assert secret.startswith(token.prefix)


def test_a_token_acts_with_its_scopes_and_its_users_role(bob: User, team: Team, actor_of: ActorOf) -> None:
    _, secret = tokens.create_token("ci", scopes=["read", "predict"], by=actor_of(bob))
    by = actors.for_token(secret)
    assert (by.user, by.team, by.role, by.scopes) == (bob, team, Role.EDITOR, frozenset({"read", "predict"}))
    with pytest.raises(Forbidden, match="write"):
        by.require_scope(Scope.WRITE)


def test_a_foreign_team_is_not_found(bob: User, other_team: Team, actor_of: ActorOf) -> None:
    _, secret = tokens.create_token("ci", scopes=["read"], by=actor_of(bob))
    for slug in (other_team.slug, "nowhere"):
        with pytest.raises(NotFound):
            actors.for_token(secret, slug)


def test_a_token_of_one_team_stays_in_it(bob: User, team: Team, other_team: Team, actor_of: ActorOf) -> None:
    Membership.objects.create(user=bob, team=other_team, role=Role.OWNER)
    token, secret = tokens.create_token("ci", scopes=["read", "write"], team=team, by=actor_of(bob))
    with pytest.raises(NotFound):
        actors.for_token(secret, other_team.slug)
    by = actors.for_token(secret)
    with pytest.raises(NotFound):
        actors.in_team(by, other_team.slug, token=token)
    with pytest.raises(Forbidden, match="another team"):
        tokens.create_token("more", scopes=["read"], team=other_team, parent=token, by=by)
    child, _ = tokens.create_token("more", scopes=["read"], parent=token, by=by)
    assert child.team == team


def test_a_token_made_with_a_token_does_not_outlive_or_outreach_it(bob: User, actor_of: ActorOf) -> None:
    soon = timezone.now() + timedelta(hours=1)
    parent, secret = tokens.create_token("ci", scopes=["read", "write"], expires_at=soon, by=actor_of(bob))
    by = actors.for_token(secret)
    child, _ = tokens.create_token("more", scopes=["read"], parent=parent, by=by)
    assert child.expires_at == soon
    with pytest.raises(Forbidden, match="predict"):
        tokens.create_token("more", scopes=["predict"], parent=parent, by=by)


@pytest.mark.parametrize(
    ("name", "scopes", "hours", "field"),
    [("", ["read"], 1, "name"), ("x" * 101, ["read"], 1, "name"), ("ci", [], 1, "scopes"),
     ("ci", ["root"], 1, "scopes"), ("ci", ["read"], -1, "expires_at")],
)  # fmt: skip
def test_a_wrong_token_is_refused_by_field(
    vera: User, actor_of: ActorOf, name: str, scopes: list[str], hours: int, field: str
) -> None:
    end = timezone.now() + timedelta(hours=hours)
    with pytest.raises(Invalid) as caught:
        tokens.create_token(name, scopes=scopes, expires_at=end, by=actor_of(vera))
    assert caught.value.field == field
    assert not ApiToken.objects.exists()


def test_expired_revoked_unknown_and_closed_say_so(bob: User, actor_of: ActorOf) -> None:
    token, secret = tokens.create_token("ci", scopes=["read"], by=actor_of(bob))
    with pytest.raises(Unauthenticated, match="not known"):
        actors.for_token("mlr_guess")
    bob.is_active = False
    bob.save()
    with pytest.raises(Unauthenticated, match="closed"):
        actors.for_token(secret)
    ApiToken.objects.update(expires_at=timezone.now())
    with pytest.raises(Unauthenticated, match="expired"):
        actors.for_token(secret)
    tokens.revoke_token(token, by=actor_of(bob))
    with pytest.raises(Unauthenticated, match="revoked"):
        actors.for_token(secret)


def test_only_its_user_or_the_owner_of_its_team_revokes_a_token(
    alice: User, bob: User, vera: User, charlie: User, team: Team, actor_of: ActorOf
) -> None:
    free, _ = tokens.create_token("free", scopes=["read"], by=actor_of(bob))
    bound, _ = tokens.create_token("bound", scopes=["read"], team=team, by=actor_of(bob))
    for who, token in ((vera, bound), (charlie, bound), (alice, free)):
        with pytest.raises(Forbidden):
            tokens.revoke_token(token, by=actor_of(who))
    tokens.revoke_token(bound, by=actor_of(alice))
    with pytest.raises(Conflict, match="already"):
        tokens.revoke_token(bound, by=actor_of(alice))


def test_whoever_keeps_a_copy_of_tokens_is_told(bob: User, actor_of: ActorOf) -> None:
    CALLS.clear()
    with override_settings(ACCESS_CHANGED=[f"{__name__}.note_call"]):
        token, _ = tokens.create_token("ci", scopes=["read"], by=actor_of(bob))
        tokens.revoke_token(token, by=actor_of(bob))
    assert len(CALLS) == 2


def test_use_is_noted_at_most_once_a_minute(bob: User, actor_of: ActorOf) -> None:
    token, secret = tokens.create_token("ci", scopes=["read"], by=actor_of(bob))
    actors.for_token(secret)
    first = ApiToken.objects.get(pk=token.pk).last_used_at
    actors.for_token(secret)
    assert first is not None
    assert ApiToken.objects.get(pk=token.pk).last_used_at == first


def test_the_api_shows_a_secret_once_and_ends_it(bob: User, api: Api) -> None:
    client = api(bob)
    made = client.post("/api/v1/tokens/", {"name": "ci", "scopes": ["read"]}, format="json")
    assert made.status_code == 201, made.content
    body, other = made.json(), APIClient()
    other.credentials(HTTP_AUTHORIZATION=f"Bearer {body['secret']}")
    assert other.get(ME).json()["scopes"] == ["read"]
    shown = client.get(f"/api/v1/tokens/{body['id']}").json()
    assert "secret" not in shown
    assert "digest" not in shown
    assert client.delete(f"/api/v1/tokens/{body['id']}").status_code == 204
    answer = other.get(ME)
    assert answer.status_code == 401
    assert "revoked" in answer.json()["detail"]


def test_tokens_of_others_are_not_found(vera: User, bob: User, charlie: User, api: Api) -> None:
    made = api(bob).post("/api/v1/tokens/", {"name": "ci", "scopes": ["read"]}, format="json").json()
    for other in (vera, charlie):
        assert api(other).get(f"/api/v1/tokens/{made['id']}").status_code == 404
        assert api(other).delete(f"/api/v1/tokens/{made['id']}").status_code == 404


def test_a_read_token_cannot_write(alice: User, api: Api) -> None:
    answer = api(alice, scopes=frozenset({"read"})).post("/api/v1/teams/", {"name": "New"}, format="json")
    assert answer.status_code == 403
    assert "scope write" in answer.json()["detail"]


def test_basic_takes_a_token_in_either_place_or_name_and_password(bob: User, actor_of: ActorOf) -> None:
    _, secret = tokens.create_token("ci", scopes=["read"], by=actor_of(bob))
    for header in (basic("bob", secret), basic(secret, ""), basic("bob", "correct horse battery")):
        answer = APIClient().get(ME, HTTP_AUTHORIZATION=header)
        assert answer.status_code == 200, answer.content
        assert answer.json()["user"]["username"] == "bob"


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer nonsense", "Basic !!!", "Digest x", "Basic " + b64encode(b"\xff:\xff").decode(),
     basic("bob", "wrong"), basic("b\x00b", "x"), basic("", ""), basic("nobody", "x")],
)  # fmt: skip
def test_every_bad_header_is_a_401_that_says_what_to_do(bob: User, header: str) -> None:
    answer = APIClient().get(ME, headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer["Content-Type"] == "application/problem+json"
    assert "token" in answer.json()["detail"]


def test_a_password_is_hashed_once_and_a_new_one_counts_at_once(
    bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = basic("bob", "correct horse battery")
    assert APIClient().get(ME, HTTP_AUTHORIZATION=old).status_code == 200
    with monkeypatch.context() as patch:
        patch.setattr(
            "mlregistry.accounts.passwords.authenticate", lambda *a, **k: pytest.fail("hashed again")
        )
        assert APIClient().get(ME, HTTP_AUTHORIZATION=old).status_code == 200
    bob.set_password("another long phrase")
    bob.save()
    assert APIClient().get(ME, HTTP_AUTHORIZATION=old).status_code == 401
    assert APIClient().get(ME, HTTP_AUTHORIZATION=basic("bob", "another long phrase")).status_code == 200


def test_guessing_a_password_is_throttled_also_for_the_right_one(bob: User) -> None:
    answers = [
        APIClient().get(ME, HTTP_AUTHORIZATION=basic("bob", f"guess {n}")).status_code for n in range(12)
    ]
    assert answers[0] == 401
    assert answers[-1] == 429
    right = APIClient().get(ME, HTTP_AUTHORIZATION=basic("bob", "correct horse battery"))
    assert right.status_code == 429
    assert right["Content-Type"] == "application/problem+json"


def test_a_session_needs_its_csrf_token_to_change_anything(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(ME).status_code == 200
    refused = client.post("/api/v1/teams/", {"name": "New"}, content_type="application/json")
    assert refused.status_code == 403
    assert "CSRF" in refused.json()["detail"]
    client.get("/profile/password/")
    token = client.cookies["csrftoken"].value
    made = client.post(
        "/api/v1/teams/", {"name": "New"}, content_type="application/json", headers={"X-CSRFToken": token}
    )
    assert made.status_code == 201


def test_a_user_without_a_team_is_told_to_ask(db: None, bob: User, actor_of: ActorOf) -> None:
    Membership.objects.all().delete()
    with pytest.raises(MlregistryError, match="invitation"):
        actors.for_user(bob)


def test_a_program_replaces_its_own_token_and_no_other(alice: User, bob: User, api: Api) -> None:
    client = api(alice)
    own = ApiToken.objects.get(name="tests")
    other = client.post("/api/v1/tokens/", {"name": "ci", "scopes": ["read"]}, format="json").json()
    refused = client.post(f"/api/v1/tokens/{other['id']}/rotate", {}, format="json")
    assert (refused.status_code, "replace itself" in refused.json()["detail"]) == (403, True)
    assert client.post(f"/api/v1/tokens/{own.pk}/rotate", {"grace_days": 8}, format="json").status_code == 400
    assert api(bob).post(f"/api/v1/tokens/{own.pk}/rotate", {}, format="json").status_code == 404
    made = client.post(f"/api/v1/tokens/{own.pk}/rotate", {"grace_days": 1}, format="json")
    assert made.status_code == 201
    assert client.get("/api/v1/me").status_code == 200
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {made.json()['secret']}")
    assert client.get("/api/v1/me").status_code == 200
