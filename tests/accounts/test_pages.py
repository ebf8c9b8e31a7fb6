"""Pages of accounts: log in and out, passwords, profile, tokens, team, audit, administration."""

import re
from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client, override_settings
from django.utils import timezone

from mlregistry.accounts.actions import password_resets, tokens
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import (
    ApiToken,
    AuditEvent,
    Membership,
    PasswordResetRequest,
    Role,
    Team,
    User,
)
from mlregistry.accounts.web import teams
from tests.cast import PASSWORD, make_user

Web = Callable[[User], Client]
ActorOf = Callable[..., Actor]
PAGES = ["/profile/", "/profile/password/", "/tokens/", "/team/", "/team/new/", "/audit/"]
LOCMEM = "django.core.mail.backends.locmem.EmailBackend"


@pytest.mark.parametrize("address", PAGES)
def test_who_is_not_logged_in_is_asked_to(db: None, address: str) -> None:
    answer = Client().get(address)
    assert (answer.status_code, answer["Location"]) == (302, f"/login/?next={address}")


@pytest.mark.parametrize("address", PAGES)
def test_every_page_shows_for_an_owner_also_under_the_team(alice: User, web: Web, address: str) -> None:
    assert web(alice).get(address).status_code == 200
    page = web(alice).get(f"/t/lab{address}")
    assert page.status_code == 200
    assert '"/t/lab/' in page.content.decode()
    assert web(alice).get(f"/t/rivals{address}").status_code == 404


def test_logging_in_and_out(alice: User) -> None:
    client = Client()
    assert client.get("/login/").status_code == 200
    wrong = client.post("/login/", {"username": "alice", "password": "no"})
    assert (wrong.status_code, "_auth_user_id" in client.session) == (200, False)
    sent = {"username": "alice", "password": PASSWORD, "next": "/team/"}
    assert client.post("/login/", sent)["Location"] == "/team/"
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").status_code == 302
    assert "_auth_user_id" not in client.session


def test_logging_in_leads_to_no_foreign_site(alice: User) -> None:
    sent = {"username": "alice", "password": PASSWORD, "next": "https://evil.example"}
    assert Client().post("/login/", sent)["Location"] == "/"


def test_guessing_on_the_page_is_throttled(alice: User) -> None:
    for number in range(9):
        answer = Client().post("/login/", {"username": "alice", "password": f"guess {number}"})
    assert answer.status_code == 429
    assert "Wait 15 minutes" in answer.content.decode()
    assert Client().post("/login/", {"username": "alice", "password": PASSWORD}).status_code == 429


@override_settings(EMAIL_BACKEND=LOCMEM)
def test_a_new_password_by_mail_works_once(alice: User) -> None:
    client = Client()
    assert client.post("/password-reset/", {"email": "alice@example.org"}).status_code == 302
    link = re.search(r"http://testserver(/password-reset/\S+)", str(mail.outbox[0].body))
    assert link is not None
    form = client.get(link[1], follow=True)
    address = form.redirect_chain[-1][0]
    sent = {"new_password1": "a fresh long phrase", "new_password2": "a fresh long phrase"}
    assert client.post(address, sent)["Location"] == "/password-reset/done/"
    alice.refresh_from_db()
    assert alice.check_password("a fresh long phrase")
    assert "does not work any more" in Client().get(link[1], follow=True).content.decode()


@override_settings(EMAIL_BACKEND=LOCMEM)
def test_an_unknown_address_gets_the_same_answer(db: None) -> None:
    assert (
        Client().post("/password-reset/", {"email": "x@example.org"})["Location"] == "/password-reset/sent/"
    )
    assert mail.outbox == []
    assert Client().get("/password-reset/sent/").status_code == 200
    assert Client().get("/password-reset/done/").status_code == 200


@override_settings(EMAIL_BACKEND=LOCMEM)
@pytest.mark.parametrize("email", ["alice@example.org", "x@example.org"])
def test_a_mailbox_gets_five_links_an_hour_whether_it_is_known_or_not(alice: User, email: str) -> None:
    for number in range(password_resets.MOST_PER_MAILBOX):
        asked = email.upper() if number % 2 else email
        assert (
            Client().post("/password-reset/", {"email": asked}, REMOTE_ADDR=f"10.0.0.{number}").status_code
            == 302
        )
    answer = Client().post("/password-reset/", {"email": email})
    assert answer.status_code == 429
    assert "wait an hour" in answer.content.decode()
    assert len(mail.outbox) == (password_resets.MOST_PER_MAILBOX if email.startswith("alice") else 0)
    assert Client().post("/password-reset/", {"email": "other@example.org"}).status_code == 302
    PasswordResetRequest.objects.update(at=timezone.now() - password_resets.WINDOW)
    assert Client().post("/password-reset/", {"email": email}).status_code == 302
    assert PasswordResetRequest.objects.count() == 2


def test_one_client_cannot_ask_for_the_mailboxes_of_all(db: None) -> None:
    assert Client().post("/password-reset/", {"email": "first@example.org"}).status_code == 302
    for number in range(1, password_resets.MOST_PER_CLIENT):
        password_resets.count_request(f"{number}@example.org", "127.0.0.1")
    assert Client().post("/password-reset/", {"email": "one-more@example.org"}).status_code == 429
    other = Client().post("/password-reset/", {"email": "one-more@example.org"}, REMOTE_ADDR="10.1.1.1")
    assert other.status_code == 302


def test_what_is_no_address_is_told_and_not_counted(db: None) -> None:
    assert Client().post("/password-reset/", {"email": "nobody"}).status_code == 200
    assert Client().post("/password-reset/", {"email": "a@example.org\x00"}).status_code == 200
    assert PasswordResetRequest.objects.count() == 0


@pytest.mark.parametrize(
    ("old", "new", "again", "words"),
    [("wrong", "a fresh long phrase", "a fresh long phrase", "old password"),
     (PASSWORD, "short", "short", "too short"),
     (PASSWORD, "a fresh long phrase", "another", "differ")],
)  # fmt: skip
def test_a_password_is_not_changed_wrongly(
    alice: User, web: Web, old: str, new: str, again: str, words: str
) -> None:
    sent = {"old_password": old, "new_password": new, "new_password_again": again}
    answer = web(alice).post("/profile/password/", sent)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_a_changed_password_ends_other_sessions_only(alice: User, web: Web) -> None:
    here, elsewhere = web(alice), web(alice)
    new = "a fresh long phrase"
    sent = {"old_password": PASSWORD, "new_password": new, "new_password_again": new}
    assert here.post("/profile/password/", sent).status_code == 302
    assert here.get("/profile/").status_code == 200
    assert elsewhere.get("/profile/").status_code == 302


def test_a_profile_is_saved_or_refused_by_field(alice: User, other_team: Team, web: Web) -> None:
    client = web(alice)
    sent = {"first_name": "Alice", "last_name": "L", "email": "a@example.org", "default_team": "lab"}
    assert client.post("/profile/", sent).status_code == 302
    alice.refresh_from_db()
    assert (alice.first_name, alice.email) == ("Alice", "a@example.org")
    assert client.post("/profile/", {**sent, "email": "nonsense"}).status_code == 400
    assert client.post("/profile/", {**sent, "default_team": "rivals"}).status_code == 404


def test_a_token_is_shown_once_and_revoked(vera: User, bob: User, web: Web) -> None:
    client = web(vera)
    sent = {"name": "laptop", "scopes": ["read"], "lifetime": "30", "team": ""}
    made = client.post("/tokens/", sent).content.decode()
    assert re.search(r"mlr_[\w-]{43}", made)
    shown = client.get("/tokens/").content.decode()
    assert "laptop" in shown
    assert not re.search(r"mlr_[\w-]{43}", shown)
    token = ApiToken.objects.get()
    assert web(bob).post(f"/tokens/{token.pk}/revoke/").status_code == 404
    assert client.post(f"/tokens/{token.pk}/revoke/").status_code == 302
    assert ApiToken.objects.get().revoked_at is not None
    assert client.post("/tokens/", {**sent, "name": ""}).status_code == 400
    assert client.post("/tokens/", {**sent, "lifetime": "7"}).status_code == 400
    assert client.post("/tokens/", {**sent, "team": "rivals"}).status_code == 404


def test_the_team_page_changes_members_for_owners_alone(alice: User, bob: User, vera: User, web: Web) -> None:
    assert web(bob).post("/team/members/vera/role/", {"role": "editor"}).status_code == 403
    assert web(vera).post("/team/members/bob/remove/").status_code == 403
    assert web(vera).post("/team/", {"name": "Ours"}).status_code == 403
    client = web(alice)
    assert client.post("/team/members/vera/role/", {"role": "editor"}).status_code == 302
    assert Membership.objects.get(user=vera).role == Role.EDITOR
    assert client.post("/team/members/bob/remove/").status_code == 302
    assert not Membership.objects.filter(user=bob).exists()
    assert client.post("/team/members/nobody/remove/").status_code == 404
    last = client.post("/team/members/alice/remove/", follow=True)
    assert "last owner" in last.content.decode()
    assert client.post("/team/", {"name": "Ours", "description": ""}).status_code == 302
    assert Team.objects.get().name == "Ours"


def test_a_team_is_founded_on_its_page(vera: User, web: Web) -> None:
    answer = web(vera).post("/team/new/", {"name": "Side project", "slug": ""})
    assert answer["Location"] == "/t/side-project/team/"
    assert web(vera).post("/team/new/", {"name": "X", "slug": "side-project"}).status_code == 409


def test_the_audit_page_filters(alice: User, vera: User, web: Web, actor_of: ActorOf) -> None:
    tokens.create_token("laptop", scopes=["read"], by=actor_of(alice))
    client = web(alice)
    assert "laptop" in client.get("/audit/").content.decode()
    for query in ("user=alice", "action=token", "target=LAP", "via=web", "since=2020-01-01"):
        assert "laptop" in client.get(f"/audit/?{query}").content.decode(), query
    for query in ("user=vera", "action=run.", "target=zzz", "via=api", "until=2020-01-01"):
        assert "laptop" not in client.get(f"/audit/?{query}").content.decode(), query
    for query in ("since=yesterday", "until=9999-12-31", "user=%00", "since=2020-13-45"):
        assert client.get(f"/audit/?{query}").status_code == 400, query
    assert web(vera).get("/audit/").status_code == 403


def test_the_audit_trail_stays_in_its_team(alice: User, charlie: User, web: Web, actor_of: ActorOf) -> None:
    tokens.create_token("laptop", scopes=["read"], by=actor_of(alice))
    assert "laptop" not in web(charlie).get("/audit/").content.decode()
    assert web(charlie).get("/t/lab/audit/").status_code == 404


@pytest.fixture
def operator(alice: User) -> User:
    alice.is_staff = alice.is_superuser = True
    alice.save()
    return alice


@pytest.mark.parametrize("model", ["user", "team", "membership", "invitation", "apitoken", "auditevent"])
def test_the_administration_searches(operator: User, web: Web, actor_of: ActorOf, model: str) -> None:
    tokens.create_token("laptop", scopes=["read"], by=actor_of(operator))
    assert web(operator).get(f"/admin/accounts/{model}/?q=lab").status_code == 200


def test_the_administration_revokes_by_the_action_and_edits_nothing(
    operator: User, bob: User, web: Web, actor_of: ActorOf
) -> None:
    token, secret = tokens.create_token("laptop", scopes=["read"], by=actor_of(bob))
    client = web(operator)
    page = client.get(f"/admin/accounts/apitoken/{token.pk}/change/")
    assert page.status_code == 200
    assert secret not in page.content.decode()
    assert client.get(f"/admin/accounts/apitoken/{token.pk}/delete/").status_code == 403
    line = AuditEvent.objects.get(action="token.create")
    assert client.post(f"/admin/accounts/auditevent/{line.pk}/change/", {"action": "x"}).status_code == 403
    client.post("/admin/accounts/apitoken/", {"action": "revoke", "_selected_action": token.pk})
    assert ApiToken.objects.get().revoked_at is not None
    assert AuditEvent.objects.get(action="token.revoke").via == "admin"


def test_the_administration_keeps_the_last_owner(operator: User, web: Web) -> None:
    member = Membership.objects.get(user=operator)
    sent = {"action": "remove", "_selected_action": member.pk}
    answer = web(operator).post("/admin/accounts/membership/", sent, follow=True)
    assert "last owner" in answer.content.decode()
    assert Membership.objects.filter(pk=member.pk).exists()


def test_the_administration_renames_a_team_by_the_action(operator: User, team: Team, web: Web) -> None:
    web(operator).post(f"/admin/accounts/team/{team.pk}/change/", {"name": "Ours", "description": ""})
    assert Team.objects.get().name == "Ours"
    assert AuditEvent.objects.filter(action="team.update", via="admin").exists()


def test_a_large_team_is_shown_page_by_page(alice: User, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teams, "MOST_MEMBERS", 2)
    for n in range(4):
        make_user(f"member-{n}", alice.memberships.get().team, Role.VIEWER)
    seen = [str(web(alice).get(f"/team/?page={n}").content.decode()) for n in (1, 2, 3)]
    rows = [re.findall(r'<th scope="row">(alice|member-\d)', text) for text in seen]
    assert rows == [["alice", "member-0"], ["member-1", "member-2"], ["member-3"]]
    assert "5 members; 3 to 4 are shown" in seen[1]
    assert all(f'<option value="member-{n}">' in seen[0] for n in range(4))
    assert "?page=2" in seen[0]
    assert "?page=4" not in seen[2]
    assert web(alice).get("/team/?page=99999999999999999999").status_code == 200
