"""From each page that says what went wrong somebody who is signed in finds on; a stranger is told nothing more."""

from collections.abc import Callable

import pytest
from django.test import Client

from mlregistry.accounts.models import Team, User

pytestmark = pytest.mark.django_db
MENU = 'aria-label="Sections"'
Web = Callable[[User], Client]


def _text(client: Client, address: str, status: int) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content
    return answer.content.decode()


def test_an_address_without_a_page_keeps_the_menu_and_offers_the_search(
    team: Team, vera: User, web: Web
) -> None:
    text = _text(web(vera), "/nothing/here", 404)
    assert MENU in text
    assert 'href="/find"' in text


def test_a_stranger_sees_no_menu_there(team: Team, client: Client) -> None:
    text = _text(client, "/nothing/here", 404)
    assert MENU not in text
    assert "/find" not in text


@pytest.mark.parametrize("path", ["", "problems/", "nothing/here"])
def test_the_page_of_a_team_of_others_leads_back_to_ones_own(
    team: Team, charlie: User, web: Web, path: str
) -> None:
    text = _text(web(charlie), f"/t/{team.slug}/{path}", 404)
    assert MENU in text
    assert team.name not in text
    assert f"/t/{team.slug}/" not in text.replace(f"/t/{team.slug}/{path}", "", 1)
    assert 'class="button" href="/"' in text


def test_the_menu_stays_in_the_team_of_the_address(team: Team, vera: User, web: Web) -> None:
    text = _text(web(vera), f"/t/{team.slug}/nothing/here", 404)
    assert f'href="/t/{team.slug}/problems/"' in text


def test_whoever_lacks_a_role_is_told_who_can_give_it(team: Team, vera: User, web: Web) -> None:
    text = _text(web(vera), "/problems/new", 403)
    assert "An owner of the team can change your role." in text
    assert "See who owns it" in text


def test_the_administration_sends_nobody_to_the_owners_of_a_team(team: Team, vera: User, web: Web) -> None:
    text = _text(web(vera), "/admin/login/", 403)
    assert "for the operators of this server" in text
    assert "owner" not in text
    assert MENU in text


def test_whoever_is_in_no_team_is_told_so(team: Team, django_user_model: type[User], web: Web) -> None:
    text = _text(web(django_user_model.objects.create_user("dora")), "/problems/", 403)
    assert "You belong to no team" in text
    assert MENU not in text
