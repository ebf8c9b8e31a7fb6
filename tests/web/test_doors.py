"""Every web view is decorated; strangers are sent to the log-in, viewers may not change, other teams see nothing."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from experiments.actions.problems import create_problem
from experiments.models import Problem
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User

SECTIONS = ("ui", "jobs", "notices", "discussions", "experiments", "models_app", "serving")
POSTS = (
    "/problems/new", "/problems/{id}/edit", "/problems/{id}/delete", "/problems/{id}/train", "/datasets/new",
    "/experiments/new", "/new-endpoint",
)  # fmt: skip


@pytest.fixture
def problem(alice: User, actor_of: Callable[..., Actor]) -> Problem:
    return create_problem(
        "Churn", kind="classification", target="left", primary_metric="roc_auc", by=actor_of(alice)
    )


def patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from patterns(entry)
        else:
            yield entry


def sections(resolver: URLResolver) -> Iterator[URLResolver]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield entry
            yield from sections(entry)


def test_every_page_is_decorated() -> None:
    found = [entry for entry in sections(get_resolver()) if entry.namespace in SECTIONS]
    assert {entry.namespace for entry in found} == set(SECTIONS)
    for entry in found:
        for pattern in patterns(entry):
            assert hasattr(pattern.callback, "page_role"), pattern


def test_a_stranger_is_sent_to_the_log_in(client: Client, problem: Problem) -> None:
    answer = client.get(f"/problems/{problem.pk}/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/?next=/problems/")


@pytest.mark.parametrize("address", POSTS)
def test_a_viewer_changes_nothing(client: Client, vera: User, problem: Problem, address: str) -> None:
    client.force_login(vera)
    assert client.post(address.format(id=problem.pk), {"name": "x"}).status_code == 403
    assert Problem.objects.get().name == "Churn"


@pytest.mark.parametrize("address", ["/problems/{id}/", "/problems/{id}/edit", "/problems/{id}/train"])
def test_another_teams_problem_is_not_there(
    client: Client, charlie: User, problem: Problem, address: str
) -> None:
    client.force_login(charlie)
    assert client.get(address.format(id=problem.pk)).status_code == 404


def test_a_team_is_chosen_by_its_prefix(client: Client, alice: User, problem: Problem) -> None:
    client.force_login(alice)
    page = client.get(f"/t/lab/problems/{problem.pk}/")
    assert page.status_code == 200
    assert f'href="/t/lab/datasets/new?problem={problem.pk}"' in page.content.decode()
    assert client.get("/t/rivals/").status_code == 404


def test_every_answer_carries_the_strict_policy(client: Client, alice: User) -> None:
    for address in ("/login/", "/health", "/api/docs/"):
        policy = client.get(address)["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy


def test_no_page_holds_inline_scripts_or_styles(client: Client, alice: User, problem: Problem) -> None:
    client.force_login(alice)
    for address in (
        "/",
        "/problems/new",
        f"/problems/{problem.pk}/",
        "/datasets/new",
        "/jobs/",
        "/new-endpoint",
    ):
        text = client.get(address).content.decode()
        assert " style=" not in text
        assert "<style" not in text
        assert "onclick=" not in text
        assert "<script>" not in text
