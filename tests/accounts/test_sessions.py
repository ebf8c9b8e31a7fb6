"""Where people are signed in, their profile, teams and the end of an account."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mlregistry.accounts.actions import sessions, tokens
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import ApiToken, AuditEvent, Membership, Role, Team, User, UserSession
from mlregistry.accounts.queries.sessions import device_words
from tests.cast import PASSWORD

Web = Callable[[User], Client]
ActorOf = Callable[..., Actor]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def _logged_in(agent: str = FIREFOX) -> Client:
    client = Client(HTTP_USER_AGENT=agent, REMOTE_ADDR="192.0.2.5")
    assert client.post("/login/", {"username": "alice", "password": PASSWORD}).status_code == 302
    return client


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari on iPhone"),
        ("curl/8.5", "curl"),
        ("", "A browser that does not say which"),
    ],
)  # fmt: skip
def test_a_browser_is_called_by_its_name(agent: str, words: str) -> None:
    assert device_words(agent) == words


def test_a_sign_in_is_noted_with_its_device_and_address(alice: User) -> None:
    client = _logged_in()
    noted = UserSession.objects.get()
    assert (noted.user, noted.address, noted.user_agent) == (alice, "192.0.2.5", FIREFOX)
    page = client.get("/profile/").content.decode()
    assert "Firefox on Linux" in page
    assert "this browser" in page


def test_work_is_noted_once_in_five_minutes(alice: User, web: Web) -> None:
    client = web(alice)
    UserSession.objects.update(seen_at=timezone.now() - timedelta(hours=1))
    client.get("/profile/")
    assert UserSession.objects.get().seen_at < timezone.now() - timedelta(minutes=30)
    cache.clear()
    client.get("/profile/")
    assert UserSession.objects.get().seen_at > timezone.now() - timedelta(minutes=1)


def test_another_browser_is_signed_out_and_this_one_stays(alice: User, bob: User, web: Web) -> None:
    here, elsewhere, third = web(alice), _logged_in(), web(alice)
    other = UserSession.objects.get(user_agent=FIREFOX)
    assert web(bob).post(f"/profile/sessions/{other.pk}/end/").status_code == 404
    assert here.post(f"/profile/sessions/{other.pk}/end/").status_code == 302
    assert elsewhere.get("/profile/").status_code == 302
    assert third.get("/profile/").status_code == 200
    assert "1 other session ended" in here.post("/profile/sessions/end/", follow=True).content.decode()
    assert third.get("/profile/").status_code == 302
    assert here.get("/profile/").status_code == 200
    assert AuditEvent.objects.filter(action="user.end_session").count() == 1
    assert AuditEvent.objects.get(action="user.end_sessions").details == {"n_sessions": 1}


def test_a_new_password_signs_out_elsewhere(alice: User, web: Web) -> None:
    here = web(alice)
    _logged_in()
    new = "a fresh long phrase"
    sent = {"old_password": PASSWORD, "new_password": new, "new_password_again": new}
    assert here.post("/profile/password/", sent).status_code == 302
    assert here.get("/profile/").content.decode().count("last used") == 1


def test_old_sessions_are_forgotten(alice: User, web: Web) -> None:
    web(alice)
    long_ago = timezone.now() - timedelta(days=30)
    UserSession.objects.update(seen_at=long_ago)
    Session.objects.update(expire_date=long_ago)
    sessions.forget_old()
    assert not UserSession.objects.exists()
    assert not Session.objects.exists()


def test_a_profile_keeps_a_time_zone_and_tells_what_changed(alice: User, web: Web) -> None:
    client = web(alice)
    sent = {"first_name": "Alice", "last_name": "", "email": "alice@example.org", "default_team": "lab"}
    assert client.post("/profile/", {**sent, "time_zone": "Europe/Paris"}).status_code == 302
    alice.refresh_from_db()
    assert alice.time_zone == "Europe/Paris"
    assert 'data-time-zone="Europe/Paris"' in client.get("/profile/").content.decode()
    details = AuditEvent.objects.get(action="user.update").details
    assert details["before"] == {"first_name": "", "time_zone": ""}
    assert details["after"] == {"first_name": "Alice", "time_zone": "Europe/Paris"}
    wrong = client.post("/profile/", {**sent, "time_zone": "Mars/Olympus"})
    assert wrong.status_code == 400
    assert "There is no time zone" in wrong.content.decode()


def test_the_pages_of_teams_switch_and_hand_over(alice: User, bob: User, other_team: Team, web: Web) -> None:
    Membership.objects.create(team=other_team, user=alice, role=Role.VIEWER)
    client = web(alice)
    page = client.get("/teams/").content.decode()
    assert "/t/rivals/" in page
    assert client.post("/teams/default/", {"team": "rivals"}).status_code == 302
    alice.refresh_from_db()
    assert alice.default_team == other_team
    assert web(bob).post("/teams/default/", {"team": "rivals"}, follow=True).status_code in (200, 404)
    assert web(bob).post("/team/transfer/", {"username": "alice"}).status_code == 403
    assert client.post("/t/lab/team/transfer/", {"username": "alice"}, follow=True).status_code == 200
    assert Membership.objects.get(team__slug="lab", user=alice).role == Role.OWNER
    assert client.post("/t/lab/team/transfer/", {"username": "bob"}).status_code == 302
    roles = dict(Membership.objects.filter(team__slug="lab").values_list("user__username", "role"))
    assert roles == {"alice": Role.EDITOR, "bob": Role.OWNER}


def test_an_empty_team_is_deleted_after_its_name_was_typed(alice: User, web: Web) -> None:
    client = web(alice)
    client.post("/team/new/", {"name": "Side", "slug": "side"})
    client.post("/t/side/team/delete/", {"confirmation": "wrong"})
    assert Team.objects.filter(slug="side").exists()
    assert client.post("/t/side/team/delete/", {"confirmation": "side"})["Location"] == "/teams/"
    assert not Team.objects.filter(slug="side").exists()


def test_closing_an_account_leaves_nothing_open(bob: User, alice: User, web: Web, actor_of: ActorOf) -> None:
    tokens.create_token("laptop", scopes=["read"], by=actor_of(bob))
    client = web(bob)
    assert client.post("/profile/close/", {"confirmation": "alice"}).status_code == 400
    assert client.post("/profile/close/", {"confirmation": "bob"})["Location"] == "/login/"
    bob.refresh_from_db()
    assert (bob.is_active, bob.email, bob.username) == (False, "", "bob")
    assert ApiToken.objects.get(name="laptop").revoked_at is not None
    assert not Membership.objects.filter(user=bob).exists()
    assert Client().post("/login/", {"username": "bob", "password": PASSWORD}).status_code == 200
    last = web(alice).post("/profile/close/", {"confirmation": "alice"})
    assert last.status_code == 409
    assert "last owner of The lab" in last.content.decode()


def test_a_token_is_replaced_and_the_old_one_ends_when_told(alice: User, bob: User, web: Web) -> None:
    client = web(alice)
    client.post("/tokens/", {"name": "nightly", "scopes": ["read"], "lifetime": "30", "team": "lab"})
    old = ApiToken.objects.get()
    assert web(bob).post(f"/tokens/{old.pk}/rotate/", {"grace": "0"}).status_code == 404
    page = client.post(f"/tokens/{old.pk}/rotate/", {"grace": "1"}).content.decode()
    assert "has a new secret" in page
    new = ApiToken.objects.exclude(pk=old.pk).get()
    assert (new.name, new.scopes, new.team) == ("nightly", ["read"], old.team)
    assert abs((new.expires_at - new.created_at).total_seconds() - 30 * 86_400) < 5  # type: ignore[operator]  # it is there
    old.refresh_from_db()
    assert old.revoked_at is None
    assert old.expires_at is not None
    assert old.expires_at < timezone.now() + timedelta(days=1, seconds=1)
    client.post(f"/tokens/{new.pk}/rotate/", {"grace": "0"})
    new.refresh_from_db()
    assert new.revoked_at is not None
    assert client.post(f"/tokens/{new.pk}/rotate/", {"grace": "0"}, follow=True).status_code == 200
    assert ApiToken.objects.count() == 3
    assert client.post(f"/tokens/{new.pk}/rotate/", {"grace": "99"}, follow=True).status_code == 200


def test_the_pages_ask_the_same_number_of_queries_whatever_they_show(
    alice: User, web: Web, team: Team
) -> None:
    client = web(alice)
    before = [_n_queries(client, address) for address in ("/team/", "/teams/", "/profile/", "/tokens/")]
    for n in range(5):
        person = User.objects.create_user(f"person{n}")
        Membership.objects.create(team=team, user=person, role=Role.EDITOR)
        another = Team.objects.create(slug=f"t{n}", name=f"T {n}")
        Membership.objects.create(team=another, user=alice, role=Role.VIEWER)
        ApiToken.objects.create(
            user=alice, team=another, name=f"n{n}", digest=bytes([n]) * 32, scopes=["read"]
        )
        web(alice)
    assert [
        _n_queries(client, address) for address in ("/team/", "/teams/", "/profile/", "/tokens/")
    ] == before
    assert max(before) <= 12, before


def _n_queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)
