"""Problems: checked when framed, fixed once runs have answered them."""

from typing import Any

import pytest

from experiments.actions import experiments as experiment_actions
from experiments.actions import problems as actions
from experiments.actions import runs as run_actions
from experiments.models import Problem
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent
from mlregistry.errors import Conflict, Forbidden, Invalid

pytestmark = pytest.mark.django_db


def test_a_problem_takes_metric_and_direction_from_its_kind(editor: Actor) -> None:
    problem = actions.create_problem("  Prices ", kind="regression", target="price", by=editor)
    assert (problem.name, problem.primary_metric, problem.direction) == ("Prices", "rmse", "minimize")
    assert AuditEvent.objects.get(action="problem.create").target_id == str(problem.pk)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"kind": "magic"}, "kind"),
        ({"target": ""}, "target"),
        ({"features": ["a", "a"]}, "features"),
        ({"features": ["a", "y"]}, "features"),
        ({"primary_metric": "rmse"}, "primary_metric"),
        ({"direction": "minimize"}, "direction"),
        ({"direction": "sideways"}, "direction"),
        ({"success_threshold": float("nan")}, "success_threshold"),
        ({"goal": "\ud800"}, "goal"),
    ],
)
def test_bad_input_names_the_field_and_creates_nothing(
    editor: Actor, changes: dict[str, Any], field: str
) -> None:
    values = {"name": "P", "kind": "classification", "target": "y", **changes}
    with pytest.raises(Invalid) as caught:
        actions.create_problem(**values, by=editor)
    assert caught.value.field == field
    assert not Problem.objects.exists()


def test_a_name_is_taken_once_per_team(problem: Problem, editor: Actor, stranger: Actor) -> None:
    with pytest.raises(Conflict) as caught:
        actions.create_problem("Churn", kind="regression", target="y", by=editor)
    assert caught.value.field == "name"
    actions.create_problem("Churn", kind="regression", target="y", by=stranger)


def test_changing_the_metric_turns_the_direction(problem: Problem, editor: Actor) -> None:
    actions.update_problem(problem, primary_metric="log_loss", by=editor)
    problem.refresh_from_db()
    assert (problem.primary_metric, problem.direction) == ("log_loss", "minimize")
    with pytest.raises(Invalid) as caught:
        actions.update_problem(problem, colour="red", by=editor)
    assert caught.value.field == "colour"


def test_what_defines_a_problem_stays_once_it_has_runs(problem: Problem, editor: Actor) -> None:
    experiment = experiment_actions.create_experiment("E", problem=problem, by=editor)
    run_actions.create_run(experiment, by=editor)
    with pytest.raises(Conflict) as caught:
        actions.update_problem(problem, target="other", by=editor)
    assert caught.value.field == "target"
    with pytest.raises(Conflict):
        actions.delete_problem(problem, by=editor)
    assert (
        actions.update_problem(problem, goal="Keep them", success_threshold=0.8, by=editor).goal
        == "Keep them"
    )


def test_a_viewer_changes_nothing(problem: Problem, viewer: Actor) -> None:
    with pytest.raises(Forbidden):
        actions.create_problem("x", kind="regression", target="y", by=viewer)
    with pytest.raises(Forbidden):
        actions.update_problem(problem, goal="x", by=viewer)
    with pytest.raises(Forbidden):
        actions.delete_problem(problem, by=viewer)


def test_an_unused_problem_goes(problem: Problem, editor: Actor) -> None:
    actions.delete_problem(problem, by=editor)
    assert not Problem.objects.exists()
    assert AuditEvent.objects.filter(action="problem.delete").exists()
