"""Invitations: once, for a week, up to one's own role; signing up with one."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client, override_settings
from django.utils import timezone
from rest_framework.test import APIClient

from mlregistry.accounts.actions import invitations, users
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, Invitation, Membership, Role, Team, User
from mlregistry.errors import Conflict, Forbidden, Invalid, NotFound

ActorOf = Callable[..., Actor]
Api = Callable[..., APIClient]
Web = Callable[[User], Client]
EMAIL = "django.core.mail.backends"
LONG = "a long enough phrase"


@pytest.fixture
def secret(alice: User, actor_of: ActorOf) -> str:
    return invitations.invite("dan@example.org", role=Role.EDITOR, by=actor_of(alice))[1]


def test_an_invitation_makes_a_member_once(secret: str, charlie: User, vera: User, team: Team) -> None:
    member = invitations.accept(secret, user=charlie)
    assert (member.team, member.role) == (team, Role.EDITOR)
    with pytest.raises(Conflict, match="used already"):
        invitations.accept(secret, user=vera)
    assert AuditEvent.objects.filter(action="invitation.accept", user=charlie, team=team).exists()


def test_the_secret_is_not_stored(secret: str) -> None:
    assert secret not in str(list(Invitation.objects.values()))
    assert secret not in str(list(AuditEvent.objects.values()))


def test_expired_revoked_and_unknown_links_say_so(
    secret: str, alice: User, charlie: User, actor_of: ActorOf
) -> None:
    with pytest.raises(NotFound, match="not known"):
        invitations.accept("guess", user=charlie)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(Conflict, match="expired"):
        invitations.accept(secret, user=charlie)
    Invitation.objects.update(expires_at=timezone.now() + timedelta(days=1))
    invitations.revoke(Invitation.objects.get(), by=actor_of(alice))
    with pytest.raises(Conflict, match="taken back"):
        invitations.accept(secret, user=charlie)
    assert not Membership.objects.filter(user=charlie, team__slug="lab").exists()


def test_who_is_a_member_does_not_use_an_invitation_up(secret: str, bob: User) -> None:
    with pytest.raises(Conflict, match="already"):
        invitations.accept(secret, user=bob)
    assert Invitation.objects.get().accepted_at is None


def test_a_new_invitation_ends_the_earlier_one(
    secret: str, alice: User, charlie: User, actor_of: ActorOf
) -> None:
    invitations.invite("DAN@example.org", role=Role.VIEWER, by=actor_of(alice))
    with pytest.raises(Conflict, match="taken back"):
        invitations.accept(secret, user=charlie)


def test_an_editor_invites_up_to_editor_and_a_viewer_nobody(bob: User, vera: User, actor_of: ActorOf) -> None:
    invitations.invite("e@example.org", role=Role.EDITOR, by=actor_of(bob))
    with pytest.raises(Forbidden):
        invitations.invite("o@example.org", role=Role.OWNER, by=actor_of(bob))
    with pytest.raises(Forbidden):
        invitations.invite("v@example.org", role=Role.VIEWER, by=actor_of(vera))


def test_an_editor_cannot_take_back_the_invitation_of_an_owner(
    alice: User, bob: User, actor_of: ActorOf
) -> None:
    invitation, _ = invitations.invite("o@example.org", role=Role.OWNER, by=actor_of(alice))
    with pytest.raises(Forbidden):
        invitations.revoke(invitation, by=actor_of(bob))


@pytest.mark.parametrize("address", ["", "nobody", "a@b", "a\x00@example.org", "x" * 250 + "@example.org"])
def test_a_wrong_address_is_refused(alice: User, actor_of: ActorOf, address: str) -> None:
    with pytest.raises(Invalid) as caught:
        invitations.invite(address, role=Role.VIEWER, by=actor_of(alice))
    assert caught.value.field == "email"


def test_signing_up_makes_the_account_and_joins(secret: str, team: Team) -> None:
    member = users.sign_up("dan", LONG, secret=secret)
    assert (member.user.email, member.role, member.user.default_team) == (
        "dan@example.org",
        Role.EDITOR,
        team,
    )


@pytest.mark.parametrize(
    ("username", "password", "field"),
    [("alice", LONG, "username"), ("ALICE", LONG, "username"), ("a b", LONG, "username"),
     ("", LONG, "username"), ("dan", "short", "password"), ("dan", "password", "password")],
)  # fmt: skip
def test_signing_up_wrongly_changes_nothing(secret: str, username: str, password: str, field: str) -> None:
    before = User.objects.count()
    with pytest.raises((Invalid, Conflict)) as caught:
        users.sign_up(username, password, secret=secret)
    assert caught.value.field == field
    assert User.objects.count() == before
    assert Invitation.objects.get().accepted_at is None


def test_the_page_of_a_link_signs_a_newcomer_up(secret: str) -> None:
    client = Client()
    page = client.get(f"/invitations/{secret}/")
    assert page.status_code == 200
    assert "editor" in page.content.decode()
    sent = {"username": "dan", "password": LONG, "password_again": LONG}
    differ = client.post(f"/invitations/{secret}/", {**sent, "password_again": "x"})
    assert differ.status_code == 400
    assert "differ" in differ.content.decode()
    joined = client.post(f"/invitations/{secret}/", sent)
    assert (joined.status_code, joined["Location"]) == (302, "/t/lab/")
    assert client.get("/t/lab/team/").status_code == 200
    assert client.get(f"/invitations/{secret}/").status_code == 409
    assert Client().get("/invitations/guess/").status_code == 404


def test_somebody_logged_in_joins_with_one_button(secret: str, charlie: User, web: Web) -> None:
    assert web(charlie).post(f"/invitations/{secret}/")["Location"] == "/t/lab/"
    assert Membership.objects.filter(user=charlie, team__slug="lab").exists()


def test_the_pages_invite_and_take_back(alice: User, vera: User, web: Web) -> None:
    made = web(alice).post("/team/invitations/", {"email": "dan@example.org", "role": "viewer"})
    assert "/invitations/mlr_" in made.content.decode()
    assert made["Cache-Control"] == "no-store"
    pk = Invitation.objects.get().pk
    assert web(vera).post(f"/team/invitations/{pk}/revoke/").status_code == 403
    assert web(alice).post(f"/team/invitations/{pk}/revoke/").status_code == 302
    assert Invitation.objects.get().revoked_at is not None


def test_the_api_invites_by_mail(alice: User, vera: User, charlie: User, api: Api) -> None:
    wanted = {"email": "dan@example.org", "role": "viewer"}
    with override_settings(EMAIL_BACKEND=f"{EMAIL}.locmem.EmailBackend"):
        made = api(alice).post("/api/v1/invitations/", wanted, format="json")
    assert made.status_code == 201
    assert made.json()["mailed"] is True
    assert made.json()["link"] in str(mail.outbox[0].body)
    address = f"/api/v1/invitations/{made.json()['id']}"
    assert api(vera).get("/api/v1/invitations/").status_code == 403
    assert api(charlie).get(address).status_code == 404
    assert "secret" not in api(alice).get(address).json()
    assert api(alice).delete(address).status_code == 204
    assert api(alice).delete(address).status_code == 409


@override_settings(
    EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST="127.0.0.1", EMAIL_PORT=9
)
def test_a_mail_server_that_is_down_leaves_the_link_to_hand_over(alice: User, api: Api) -> None:
    made = api(alice).post(
        "/api/v1/invitations/", {"email": "dan@example.org", "role": "viewer"}, format="json"
    )
    assert (made.status_code, made.json()["mailed"]) == (201, False)
