"""What the tests of discussions stand on: the cast as actors, and one of each thing that is talked about."""

from collections.abc import Callable

import pytest

from experiments.actions.experiments import create_experiment
from experiments.actions.logging import log_batch
from experiments.actions.measurements import Metric
from experiments.actions.problems import create_problem
from experiments.actions.runs import create_run
from experiments.models import Problem, Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.discussions.nouns import Thing, of_row

Cast = Callable[..., Actor]


@pytest.fixture
def owner(alice: User, actor_of: Cast) -> Actor:
    return actor_of(alice)


@pytest.fixture
def editor(bob: User, actor_of: Cast) -> Actor:
    return actor_of(bob)


@pytest.fixture
def viewer(vera: User, actor_of: Cast) -> Actor:
    return actor_of(vera)


@pytest.fixture
def stranger(charlie: User, actor_of: Cast) -> Actor:
    return actor_of(charlie)


@pytest.fixture
def problem(editor: Actor) -> Problem:
    """Bob made it, so he watches it."""
    return create_problem("Churn", kind="classification", target="left", primary_metric="roc_auc", by=editor)


@pytest.fixture
def churn(problem: Problem) -> Thing:
    return of_row(problem)


@pytest.fixture
def run(editor: Actor) -> Run:
    return create_run(create_experiment("sweep", by=editor), name="first", by=editor)


def log(run: Run, *, by: Actor, **values: float) -> None:
    """The metrics of a run."""
    log_batch(run, metrics=[Metric(key, value) for key, value in values.items()], by=by)
