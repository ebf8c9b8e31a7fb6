"""The nine stages of a problem: what they say at its beginning and later, what comes next, what it costs."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from experiments.actions.experiments import create_experiment
from experiments.actions.logging import log_batch
from experiments.actions.measurements import Metric
from experiments.actions.runs import create_run, finish_run
from experiments.models import DatasetVersion, Problem
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.ui.stages import Stage, counted, of_problem
from models_app.models import ModelTestRun, ModelVersion, RegisteredModel
from serving.models import Endpoint
from tests.experiments.conftest import editor, problem
from tests.experiments.conftest import version as unbound

__all__ = ["editor", "problem", "unbound"]
pytestmark = pytest.mark.django_db

TITLES = [
    "Frame", "Data", "Explore", "Prepare", "Train and compare", "Tune and select", "Register and test",
    "Serve and A/B test", "Monitor and retrain",
]  # fmt: skip


@pytest.fixture
def version(unbound: DatasetVersion, problem: Problem) -> DatasetVersion:
    """With its dataset bound to the problem."""
    unbound.dataset.problem = problem
    unbound.dataset.save()
    return unbound


def stage(of: Problem, title: str) -> Stage:
    return next(one for one in of_problem(of).stages if one.title == title)


def test_a_new_problem_has_nine_stages_and_wants_data(problem: Problem) -> None:
    way = of_problem(problem)
    assert [one.title for one in way.stages] == TITLES
    assert way.next is not None
    assert (way.next.title, way.next.deed) == ("Data", "Bring a table")
    assert way.next.deed_address == f"/datasets/new?problem={problem.pk}"
    assert stage(problem, "Train and compare").evidence == "needs data"


def test_data_lead_to_training(problem: Problem, version: DatasetVersion) -> None:
    DatasetVersion.objects.filter(pk=version.pk).update(created_at=timezone.now() - timedelta(days=2))
    assert stage(problem, "Data").evidence == "1 version, newest 2 days ago"
    following = of_problem(problem).next
    assert following is not None
    assert (following.title, following.deed) == ("Train and compare", "Just train it")


def test_a_trained_model_is_held_to_the_threshold(
    problem: Problem, version: DatasetVersion, editor: Actor
) -> None:
    problem.success_threshold = 0.9
    problem.save()
    run = create_run(create_experiment("e", problem=problem, by=editor), name="r", by=editor)
    run.problem = problem
    run.save()
    log_batch(run, metrics=[Metric(f"test_{problem.primary_metric}", 0.8)], by=editor)
    finish_run(run, "FINISHED", by=editor)
    trained = stage(problem, "Train and compare")
    assert (trained.state, trained.evidence) == ("part", "1 model, best 0.8 of 0.9 wanted")
    following = of_problem(problem).next
    assert following is not None
    assert following.deed == "Register the best"


def test_versions_and_endpoints_say_how_they_stand(
    problem: Problem, version: DatasetVersion, editor: Actor
) -> None:
    model = RegisteredModel.objects.create(team=editor.team, name="m", problem=problem, last_number=1)
    made = ModelVersion.objects.create(model=model, number=1)
    ModelTestRun.objects.create(version=made, verdict="failed")
    registered = stage(problem, "Register and test")
    assert (registered.state, registered.evidence) == ("part", "1 version, tests failed")
    assert stage(problem, "Serve and A/B test").deed_address == f"/new-endpoint?problem={problem.pk}"
    Endpoint.objects.create(team=editor.team, name="live", salt="s", problem=problem)
    assert stage(problem, "Serve and A/B test").evidence == "1 endpoint, 0 variants"
    assert stage(problem, "Monitor and retrain").deed_address == "/endpoints/live/retraining/"


def test_they_take_five_statements_at_most(
    problem: Problem, version: DatasetVersion, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(4):
        of_problem(problem)


def test_the_pages_of_problem_and_experiment_show_them(
    problem: Problem,
    version: DatasetVersion,
    editor: Actor,
    bob: User,
    vera: User,
    web: Callable[[User], Client],
) -> None:
    experiment = create_experiment("e", problem=problem, by=editor)
    for address in (f"/problems/{problem.pk}/", f"/experiments/{experiment.pk}/"):
        page = web(bob).get(address).content.decode()
        assert 'aria-current="step"' in page
        assert "Just train it" in page
    assert 'class="way-next"' not in web(vera).get(f"/problems/{problem.pk}/").content.decode()


@pytest.mark.parametrize(
    ("n", "text"), [(1, "1 study"), (0, "0 studies"), (1_000, "1,000 studies"), (1_001, "over 1,000 studies")]
)
def test_counts_are_words(n: int, text: str) -> None:
    assert counted(n, "study", "studies", most=1_000) == text
