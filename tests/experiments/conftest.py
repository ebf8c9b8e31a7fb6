"""What the tests of experiments and artifacts stand on: actors of two teams, tables, a problem with data."""

import io
from collections.abc import Callable
from typing import Any

import pytest

from experiments.actions import datasets, problems
from experiments.actions import experiments as experiment_actions
from experiments.models import DatasetVersion, Experiment, Problem
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User

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


def churn_csv(n: int = 120) -> bytes:
    """Two informative columns, one of text, one with gaps; the target follows from the first."""
    lines = ["age,plan,usage,churned"]
    for i in range(n):
        age = 20 + i % 50
        usage = "" if i % 17 == 0 else f"{(i * 7) % 23}.5"
        lines.append(f"{age},{('basic', 'plus', 'pro')[i % 3]},{usage},{'yes' if age > 44 else 'no'}")
    return ("\n".join(lines) + "\n").encode()


@pytest.fixture
def problem(editor: Actor) -> Problem:
    return problems.create_problem(
        "Churn", kind="classification", target="churned", primary_metric="roc_auc", by=editor
    )


@pytest.fixture
def version(editor: Actor) -> DatasetVersion:
    dataset = datasets.create_dataset("Customers", by=editor)
    return datasets.add_version(dataset, io.BytesIO(churn_csv()), filename="customers.csv", by=editor)


@pytest.fixture
def experiment(editor: Actor) -> Experiment:
    return experiment_actions.create_experiment("First try", by=editor)


def problem_json(response: Any) -> dict[str, Any]:
    assert response["Content-Type"] == "application/problem+json", response.content
    body: dict[str, Any] = response.json()
    return body
