"""A prepared query gives what its queryset gives, anew each time."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, Model
from django.test.utils import CaptureQueriesContext

from experiments import access
from experiments.actions.experiments import create_experiment
from experiments.actions.runs import create_run
from experiments.models import Run
from mlregistry.accounts.actions import tokens
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import ApiToken, Membership, Role, Team, User
from mlregistry.accounts.queries import actors
from mlregistry.accounts.secret_text import digest
from mlregistry.errors import NotFound
from mlregistry.jobs.models import Job
from mlregistry.prepared_queries import PreparedQuery

ActorOf = Callable[..., Actor]


def values(row: Model | None) -> dict[str, Any] | None:
    """Every field as Python has it; bytes are compared as bytes."""
    if row is None:
        return None
    found = {one.attname: getattr(row, one.attname) for one in row._meta.concrete_fields}
    return {name: bytes(one) if isinstance(one, memoryview) else one for name, one in found.items()}


@pytest.mark.parametrize("limited", [False, True])
def test_a_token_has_all_that_the_queryset_gives(
    limited: bool, bob: User, team: Team, actor_of: ActorOf
) -> None:
    _, secret = tokens.create_token(
        "ci", scopes=["read", "predict"], team=team if limited else None, by=actor_of(bob)
    )
    expected = ApiToken.objects.select_related("user", "team").get()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        found = actors.TOKEN.first(digest(secret))
        assert found is not None
        assert values(found) == values(expected)
        assert values(found.user) == values(expected.user)
        assert values(found.team) == values(expected.team)
    assert len(asked) == 1
    assert found._state.db == expected._state.db
    assert not found._state.adding


def test_a_run_has_all_that_the_queryset_gives(bob: User, actor_of: ActorOf) -> None:
    by = actor_of(bob)
    run = create_run(create_experiment("trees", by=by), by=by)
    job = Job.objects.create(
        kind="experiments.train", title="x", team=by.team, args={"deep": [1, {"é": None}]}
    )
    Run.objects.update(job=job, warnings=[{"text": "odd"}])
    related = ("experiment__team", "problem", "dataset_version__dataset", "job")
    expected = Run.objects.select_related(*related).get()
    with CaptureQueriesContext(connection) as asked:
        found = access.run(by, run.pk)
        assert values(found) == values(expected)
        assert values(found.job) == values(expected.job)
        assert values(found.experiment) == values(expected.experiment)
        assert values(found.experiment.team) == values(by.team)
        assert found.problem is None
        assert found.dataset_version is None
    assert len(asked) == 1


def test_no_row_is_kept(bob: User, actor_of: ActorOf) -> None:
    token, secret = tokens.create_token("ci", scopes=["read"], by=actor_of(bob))
    assert actors.known_token(secret) is not None
    assert actors.for_token(secret).role == Role.EDITOR
    Membership.objects.filter(user=bob).update(role=Role.VIEWER)
    assert actors.for_token(secret).role == Role.VIEWER
    token.delete()
    assert actors.known_token(secret) is None


def test_the_team_and_the_user_are_not_taken_for_each_other(
    alice: User, charlie: User, team: Team, other_team: Team
) -> None:
    assert actors.for_user(alice, "lab").team == team
    assert actors.for_user(charlie, "rivals").team == other_team
    for user, slug in ((alice, "rivals"), (charlie, "lab")):
        with pytest.raises(NotFound):
            actors.for_user(user, slug)


def test_a_run_of_another_team_is_not_there(bob: User, charlie: User, actor_of: ActorOf) -> None:
    by = actor_of(bob)
    run = create_run(create_experiment("trees", by=by), by=by)
    assert access.run_to_change(by, run.pk) == run
    for find in (access.run, access.run_to_change):
        with pytest.raises(NotFound):
            find(actor_of(charlie), run.pk)


def test_values_are_never_part_of_the_statement(bob: User) -> None:
    with pytest.raises(NotFound):
        actors.for_user(bob, "lab' OR '1'='1")


def test_too_few_or_too_many_values_are_refused(db: None) -> None:
    for given in ((), (1, "lab", 3)):
        with pytest.raises(TypeError, match="takes 2 values"):
            actors.MEMBER.rows(*given)


def test_annotations_are_refused(db: None) -> None:
    query = PreparedQuery(lambda: Team.objects.annotate(n=Count("memberships")).filter(slug=""))
    with pytest.raises(TypeError, match="annotations"):
        query.rows("lab")


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_one_thread_made_serves_another(alice: User) -> None:
    query = PreparedQuery(lambda: User.objects.select_related("default_team").filter(username=""))
    seen: list[User | None] = []

    def ask() -> None:
        try:
            seen.append(query.first("alice"))
        finally:
            connection.close()

    for _ in range(2):
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    assert [user and user.default_team and user.default_team.slug for user in seen] == ["lab", "lab"]


def test_a_number_that_no_row_can_have_is_not_found(bob: User, actor_of: ActorOf) -> None:
    for number in (2**31, 2**63, 10**30, 0):
        with pytest.raises(NotFound):
            access.experiment(actor_of(bob), number)
