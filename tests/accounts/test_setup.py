"""The first owner: made once, fixed by the environment, shown once."""

import pytest

from mlregistry import env
from mlregistry.accounts.actions.setup import ensure_first_owner
from mlregistry.accounts.models import ApiToken, Membership, Role, Team, User
from mlregistry.accounts.queries import actors

pytestmark = pytest.mark.django_db
FIXED = "a-token-of-the-operator"


def test_the_first_start_makes_an_owner_and_shows_the_secrets_once() -> None:
    first = ensure_first_owner()
    assert (first.username, first.team.slug) == ("admin", "default")
    assert first.password is not None
    assert first.token is not None
    user = User.objects.get()
    assert user.check_password(first.password)
    assert (user.is_superuser, user.is_staff) == (True, True)
    assert actors.for_token(first.token).role == Role.OWNER
    assert first.password in str(first)
    assert first.token in str(first)
    again = ensure_first_owner()
    assert (again.password, again.token) == (None, None)
    assert first.password not in str(again)
    assert (User.objects.count(), Team.objects.count(), ApiToken.objects.count()) == (1, 1, 1)


def test_the_environment_fixes_name_password_and_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLREGISTRY_ADMIN_USERNAME", "root")
    monkeypatch.setenv("MLREGISTRY_ADMIN_PASSWORD", "operators choice")
    monkeypatch.setenv("MLREGISTRY_ADMIN_TOKEN", FIXED)
    first = ensure_first_owner()
    assert (first.username, first.password, first.token) == ("root", None, None)
    assert User.objects.get().check_password("operators choice")
    assert actors.for_token(FIXED).user == User.objects.get()
    assert FIXED not in str(first)
    assert len(ApiToken.objects.get().prefix) <= 3


def test_a_changed_environment_wins_at_the_next_start(monkeypatch: pytest.MonkeyPatch) -> None:
    made = ensure_first_owner()
    monkeypatch.setenv("MLREGISTRY_ADMIN_PASSWORD", "operators choice")
    monkeypatch.setenv("MLREGISTRY_ADMIN_TOKEN", FIXED)
    ensure_first_owner()
    ensure_first_owner()
    assert User.objects.get().check_password("operators choice")
    assert actors.for_token(FIXED).team == made.team
    assert actors.known_token(str(made.token)) is None
    assert ApiToken.objects.count() == 1


def test_a_short_token_is_a_mistake_with_the_variables_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLREGISTRY_ADMIN_TOKEN", "short")
    with pytest.raises(env.EnvironmentMistake, match="MLREGISTRY_ADMIN_TOKEN"):
        ensure_first_owner()
    assert not User.objects.exists()


def test_an_owner_who_was_demoted_stays_so() -> None:
    ensure_first_owner()
    Membership.objects.update(role=Role.VIEWER)
    ensure_first_owner()
    assert Membership.objects.get().role == Role.VIEWER


def test_what_is_printed_says_where_the_password_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "with the password " in str(ensure_first_owner())
    assert "shown at the first start" in str(ensure_first_owner())
    monkeypatch.setenv("MLREGISTRY_ADMIN_PASSWORD", "of-the-operator-1")
    assert str(ensure_first_owner()).endswith("with the password of MLREGISTRY_ADMIN_PASSWORD")
