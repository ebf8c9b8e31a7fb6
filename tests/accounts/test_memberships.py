"""Teams and their members: roles, the last owner, foreign teams."""

from collections.abc import Callable
from threading import Thread

import pytest
from django.db import connection
from rest_framework.test import APIClient

from mlregistry.accounts import access
from mlregistry.accounts.actions import memberships, teams, tokens
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import ApiToken, AuditEvent, Membership, Role, Team, User
from mlregistry.accounts.queries import actors
from mlregistry.errors import Conflict, Forbidden, Invalid, NotFound
from tests.cast import make_user

ActorOf = Callable[..., Actor]
Api = Callable[..., APIClient]


def member_of(user: User, team: Team) -> Membership:
    return Membership.objects.get(user=user, team=team)


def test_a_founder_owns_the_team_and_the_slug_is_made_of_the_name(vera: User) -> None:
    first = teams.create_team("Größe & Co", by_user=vera)
    second = teams.create_team("Größe & Co", by_user=vera)
    assert (first.slug, second.slug) == ("groe-co", "groe-co-2")
    assert member_of(vera, first).role == Role.OWNER
    assert AuditEvent.objects.filter(team=first, action="team.create", user=vera).exists()


@pytest.mark.parametrize("slug", ["Lab", "a b", "-a", "a-", "a/b", "ä", "a" * 64, "a\n"])
def test_a_slug_that_addresses_cannot_hold_is_refused(vera: User, slug: str) -> None:
    with pytest.raises(Invalid) as caught:
        teams.create_team("New", slug=slug, by_user=vera)
    assert caught.value.field == "slug"


def test_a_taken_slug_and_an_empty_name_are_refused(vera: User) -> None:
    with pytest.raises(Conflict, match="taken"):
        teams.create_team("New", slug="lab", by_user=vera)
    with pytest.raises(Invalid, match="name"):
        teams.create_team("  ", by_user=vera)


def test_only_an_owner_renames_a_team(alice: User, bob: User, team: Team, actor_of: ActorOf) -> None:
    with pytest.raises(Forbidden):
        teams.update_team(team, name="Ours", by=actor_of(bob))
    assert teams.update_team(team, name="Ours", by=actor_of(alice)).name == "Ours"
    with pytest.raises(Invalid):
        teams.update_team(team, description="a\x00", by=actor_of(alice))


def test_only_an_owner_decides_on_members(
    alice: User, bob: User, vera: User, charlie: User, team: Team, actor_of: ActorOf
) -> None:
    for who in (bob, vera):
        with pytest.raises(Forbidden):
            memberships.add(charlie, role=Role.VIEWER, by=actor_of(who))
        with pytest.raises(Forbidden):
            memberships.set_role(member_of(vera, team), Role.OWNER, by=actor_of(who))
    with pytest.raises(Forbidden):
        memberships.remove(member_of(bob, team), by=actor_of(vera))
    memberships.add(charlie, role=Role.VIEWER, by=actor_of(alice))
    with pytest.raises(Conflict, match="already"):
        memberships.add(charlie, role=Role.VIEWER, by=actor_of(alice))
    assert actors.for_user(charlie, "lab").role == Role.VIEWER
    assert memberships.set_role(member_of(vera, team), Role.EDITOR, by=actor_of(alice)).role == Role.EDITOR
    line = AuditEvent.objects.get(action="membership.update")
    assert line.details == {"user": "vera", "role": "editor", "before": "viewer"}


def test_nobody_grants_a_role_above_their_own(team: Team, bob: User) -> None:
    with pytest.raises(Forbidden, match="owner"):
        memberships.check_grant(Role.OWNER, Actor(bob, team, Role.EDITOR))


def test_the_last_owner_stays_owner(alice: User, bob: User, team: Team, actor_of: ActorOf) -> None:
    with pytest.raises(Conflict, match="last owner"):
        memberships.set_role(member_of(alice, team), Role.EDITOR, by=actor_of(alice))
    with pytest.raises(Conflict, match="last owner"):
        memberships.remove(member_of(alice, team), by=actor_of(alice))
    memberships.set_role(member_of(bob, team), Role.OWNER, by=actor_of(alice))
    memberships.set_role(member_of(alice, team), Role.VIEWER, by=actor_of(alice))
    assert actor_of(alice).role == Role.VIEWER


def test_an_owner_whose_account_is_closed_does_not_count(alice: User, team: Team, actor_of: ActorOf) -> None:
    ghost = make_user("ghost", team, Role.OWNER)
    User.objects.filter(pk=ghost.pk).update(is_active=False)
    with pytest.raises(Conflict, match="last owner"):
        memberships.remove(member_of(alice, team), by=actor_of(alice))


def test_a_member_may_leave_and_their_tokens_end(vera: User, team: Team, actor_of: ActorOf) -> None:
    token, _ = tokens.create_token("ci", scopes=["read"], team=team, by=actor_of(vera))
    memberships.remove(member_of(vera, team), by=actor_of(vera))
    assert ApiToken.objects.get(pk=token.pk).revoked_at is not None
    vera.refresh_from_db()
    assert vera.default_team is None
    with pytest.raises(NotFound):
        actors.for_user(vera, team.slug)


def test_a_member_of_another_team_is_not_found(alice: User, charlie: User, actor_of: ActorOf) -> None:
    foreign = charlie.memberships.get()
    with pytest.raises(NotFound):
        access.member(actor_of(alice), "charlie")
    for change in (
        lambda: memberships.remove(foreign, by=actor_of(alice)),
        lambda: memberships.set_role(foreign, Role.VIEWER, by=actor_of(alice)),
    ):
        with pytest.raises(NotFound):
            change()


@pytest.mark.django_db(transaction=True)
def test_two_owners_cannot_remove_each_other_at_once(alice: User, team: Team, actor_of: ActorOf) -> None:
    dora = make_user("dora", team, Role.OWNER)
    refused: list[str] = []

    def leave(user: User) -> None:
        try:
            memberships.remove(member_of(user, team), by=actor_of(user))
        except Conflict as error:
            refused.append(error.message)
        finally:
            connection.close()

    threads = [Thread(target=leave, args=(user,)) for user in (alice, dora)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert Membership.objects.filter(team=team, role=Role.OWNER).count() == 1


def test_the_api_lists_and_changes_members(alice: User, vera: User, bob: User, api: Api) -> None:
    listed = api(vera).get("/api/v1/members/").json()["results"]
    assert {(row["username"], row["role"]) for row in listed} == {
        ("alice", "owner"), ("bob", "editor"), ("vera", "viewer"),
    }  # fmt: skip
    client = api(alice)
    assert client.patch("/api/v1/members/vera", {"role": "editor"}, format="json").json()["role"] == "editor"
    wrong = client.patch("/api/v1/members/vera", {"role": "king"}, format="json")
    assert (wrong.status_code, wrong.json()["field"]) == (400, "role")
    assert api(bob).patch("/api/v1/members/vera", {"role": "viewer"}, format="json").status_code == 403
    assert client.delete("/api/v1/members/alice").status_code == 409
    assert client.delete("/api/v1/members/vera").status_code == 204
    assert client.get("/api/v1/members/vera").status_code == 404


def test_strangers_cannot_be_added_nor_probed(alice: User, charlie: User, api: Api) -> None:
    for name in ("charlie", "nobody"):
        answer = api(alice).post("/api/v1/members/", {"username": name, "role": "viewer"}, format="json")
        assert answer.status_code == 404
        assert "Invite" in answer.json()["detail"]


def test_the_api_shows_only_ones_own_teams(alice: User, charlie: User, other_team: Team, api: Api) -> None:
    assert [row["slug"] for row in api(charlie).get("/api/v1/teams/").json()["results"]] == ["rivals"]
    client = api(alice)
    assert client.get("/api/v1/teams/lab").status_code == 200
    assert client.get("/api/v1/teams/rivals").status_code == 404
    assert client.patch("/api/v1/teams/rivals", {"name": "x"}, format="json").status_code == 404
    assert client.get("/t/rivals/api/v1/me").status_code == 404
    assert client.get("/t/nowhere/api/v1/me").status_code == 404
    assert client.get("/t/lab/api/v1/me").json()["team"]["slug"] == "lab"


def test_the_role_in_the_changed_team_counts(alice: User, bob: User, other_team: Team, api: Api) -> None:
    Membership.objects.create(user=alice, team=other_team, role=Role.VIEWER)
    assert api(alice).patch("/api/v1/teams/rivals", {"name": "x"}, format="json").status_code == 403
    assert api(alice).patch("/api/v1/teams/lab", {"name": "Ours"}, format="json").json()["name"] == "Ours"
