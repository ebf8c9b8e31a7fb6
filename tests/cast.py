"""The cast of all tests: alice owns, bob edits, vera views, charlie is outside with a team of his own."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from rest_framework.test import APIClient

from experiments.queries import run_documents
from mlregistry.accounts.actions import tokens
from mlregistry.accounts.actor import ALL_SCOPES, Actor
from mlregistry.accounts.models import Membership, Role, Team, User
from mlregistry.accounts.queries import actors

PASSWORD = "correct horse battery"


def make_user(name: str, team: Team, role: Role) -> User:
    """A member with PASSWORD, whose default team is `team`."""
    user = User.objects.create_user(name, f"{name}@example.org", PASSWORD, default_team=team)
    Membership.objects.create(team=team, user=user, role=role)
    return user


@pytest.fixture(scope="session", autouse=True)
def _plain_static_files() -> None:
    """Pages name static files as they lie in the source; nothing is collected for tests.

    They are looked up when they are asked for: WhiteNoise else reads them all for each test's client.
    """
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """What one test remembered (checked passwords, bodies of runs) is unknown to the next."""
    cache.clear()
    run_documents.forget()


@pytest.fixture
def team(db: None) -> Team:
    return Team.objects.create(slug="lab", name="The lab")


@pytest.fixture
def other_team(db: None) -> Team:
    return Team.objects.create(slug="rivals", name="The rivals")


@pytest.fixture
def alice(team: Team) -> User:
    return make_user("alice", team, Role.OWNER)


@pytest.fixture
def bob(team: Team) -> User:
    return make_user("bob", team, Role.EDITOR)


@pytest.fixture
def vera(team: Team) -> User:
    return make_user("vera", team, Role.VIEWER)


@pytest.fixture
def charlie(other_team: Team) -> User:
    return make_user("charlie", other_team, Role.OWNER)


@pytest.fixture
def actor_of() -> Callable[..., Actor]:
    """The actor of a user in their default team, or in the one named."""

    def make(user: User, team_slug: str | None = None) -> Actor:
        return actors.for_user(user, team_slug)

    return make


@pytest.fixture
def api() -> Callable[..., APIClient]:
    """A REST client that sends a bearer token of the user, with all scopes unless some are named."""

    def make(user: User, *, scopes: frozenset[str] = ALL_SCOPES) -> APIClient:
        _, secret = tokens.create_token("tests", scopes=scopes, by=actors.for_user(user))
        client = APIClient(raise_request_exception=False)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
        return client

    return make


@pytest.fixture
def web() -> Callable[[User], Client]:
    """A browser in which the user is logged in."""

    def make(user: User) -> Client:
        client = Client(raise_request_exception=False)
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return make
