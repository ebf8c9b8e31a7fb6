"""Undo after deletions: offered on the next page, everything as it was, for a day, to whoever deleted it."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from benchmarks.pages_work.many_things import add
from experiments.actions.recipes import add_version, create_recipe
from experiments.actions.training_schedules import create_schedule
from experiments.models import (
    AutoTraining,
    Dataset,
    Experiment,
    OuterFold,
    Problem,
    Recipe,
    RunRule,
    RunView,
    SelectionStudy,
    Study,
    StudyLane,
)
from mlregistry.accounts.actions import deletions
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, KeptDeletion, Membership, Role, User
from mlregistry.jobs.models import Job, Schedule
from mlregistry.notices.models import Channel
from serving.models import (
    AlertEvent,
    AlertRule,
    Endpoint,
    Improvement,
    Retraining,
    RetrainingPolicy,
    Shadow,
    ShadowAnswer,
)

pytestmark = pytest.mark.django_db
Web = Callable[[User], Client]
STEPS: list[dict[str, Any]] = [{"step": "drop_useless"}, {"step": "impute"}]
LABELS = (
    "experiments.Problem", "experiments.Dataset", "experiments.Experiment", "experiments.Recipe",
    "experiments.RecipeVersion", "experiments.RunRule", "experiments.RunRule_channels", "experiments.RunView",
    "serving.Endpoint", "serving.AlertRule", "serving.AlertRule_channels", "serving.AlertEvent",
    "serving.RetrainingPolicy", "serving.RetrainingPolicy_channels", "experiments.Study", "experiments.Trial",
    "experiments.StudyLane", "experiments.OuterFold", "experiments.AutoTraining", "experiments.SelectionStudy",
    "experiments.TrainingSchedule", "jobs.Schedule", "serving.Improvement", "serving.Shadow", "serving.ShadowAnswer",
)  # fmt: skip


@pytest.fixture
def by(bob: User, actor_of: Callable[..., Actor]) -> Actor:
    return actor_of(bob)


@pytest.fixture
def things(by: Actor) -> dict[str, tuple[str, Model]]:
    """The address that deletes each kind, and the thing, with what hangs on it."""
    add(0, 0, by=by)
    problem = Problem.objects.create(
        team=by.team, name="spare", kind="classification", target="y", features=["a", "b"],
        primary_metric="roc_auc", direction="maximize", success_threshold=0.8,
    )  # fmt: skip
    Dataset.objects.create(team=by.team, name="its data", problem=problem)
    Experiment.objects.create(team=by.team, name="its runs", problem=problem)
    channel = Channel.objects.get(team=by.team)
    endpoint, rule = Endpoint.objects.get(team=by.team), AlertRule.objects.get(endpoint__team=by.team)
    Endpoint.objects.filter(pk=endpoint.pk).update(problem=problem)
    recipe = create_recipe("usual", problem=problem, steps=STEPS, by=by).recipe
    add_version(recipe, steps=STEPS[:1], note="shorter", by=by)
    rule.channels.set([channel])
    AlertEvent.objects.create(
        rule=rule, at=timezone.now(), former="no_data", state="ok", text="well", value=0.1
    )
    run_rule, view = RunRule.objects.get(team=by.team), RunView.objects.get(experiment__team=by.team)
    run_rule.channels.set([channel])
    now = timezone.now()
    Retraining.objects.filter(endpoint=endpoint).update(ended_at=now)  # an open one holds the policy
    policy = RetrainingPolicy.objects.create(endpoint=endpoint, declared_at=now, look_at=now)
    policy.channels.set([channel])
    return {
        "recipe": (f"/recipes/{recipe.pk}/delete", recipe),
        "problem": (f"/problems/{problem.pk}/delete", problem),
        "rule": (f"/run-rules/{run_rule.pk}/delete", run_rule),
        "view": (f"/run-views/{view.pk}/delete", view),
        "alert rule": (f"/alert-rules/{rule.pk}/delete", rule),
        "policy": (f"/endpoints/{endpoint.name}/retraining/delete", policy),
        **found_out(by),
    }  # fmt: skip


def found_out(by: Actor) -> dict[str, tuple[str, Model]]:
    """What was looked for and found: studies with all that hangs on them, and the shadow of an endpoint."""
    study, job = Study.objects.get(team=by.team), Job.objects.filter(team=by.team)[0]
    Study.objects.filter(pk=study.pk).update(state="COMPLETE")
    StudyLane.objects.create(study=study, job=job)
    OuterFold.objects.create(study=study, number=1, job=job, params={"x": 0.5}, score=0.7)
    AutoTraining.objects.create(study=study, seconds=60, measured_folds=5, job=job, offers=[{"score": 0.7}])
    selection = SelectionStudy.objects.get(team=by.team)
    improvement = Improvement.objects.get(endpoint__team=by.team)
    shadow = Shadow.objects.get(endpoint__team=by.team)
    ShadowAnswer.objects.create(shadow=shadow, request_id=uuid.uuid4(), row=0, output={"y": None})
    return {
        "study": (f"/studies/{study.pk}/delete", study),
        "feature selection": (f"/selections/{selection.pk}/delete", selection),
        "improvement study": (f"/improvements/{improvement.pk}/delete", improvement),
        "shadow": (f"/endpoints/{shadow.endpoint.name}/shadows/{shadow.name}/remove", shadow),
    }


def stored() -> dict[str, list[Any]]:
    return {label: list(apps.get_model(label)._base_manager.order_by("pk").values()) for label in LABELS}


def deleted(client: Client, address: str) -> str:
    """The address of Undo that the page after the deletion offers."""
    return undo_in(client.post(address, follow=True).content.decode())


def undo_in(text: str) -> str:
    found = re.search(r'action="([^"]*/deletions/[0-9a-f-]+/undo)"', text)
    assert found, text[:3000]
    return found[1]


@pytest.mark.parametrize(
    "kind",
    [
        "recipe", "problem", "rule", "view", "alert rule", "policy", "study", "feature selection",
        "improvement study", "shadow",
    ],
)  # fmt: skip
def test_what_was_deleted_comes_back_whole(
    kind: str, things: dict[str, tuple[str, Model]], web: Web, bob: User
) -> None:
    address, thing = things[kind]
    before, client = stored(), web(bob)
    undo = deleted(client, address)
    assert not type(thing)._base_manager.filter(pk=thing.pk).exists()
    assert stored() != before
    text = client.post(undo, follow=True).content.decode()
    assert "is back." in text
    assert stored() == before
    assert AuditEvent.objects.latest("pk").action.endswith(".restore")
    assert client.post(undo).status_code == 404


def test_a_training_schedule_comes_back_with_its_rhythm(
    things: dict[str, tuple[str, Model]], web: Web, bob: User, by: Actor
) -> None:
    problem, dataset = Problem.objects.get(name="spare"), Dataset.objects.get(name="its data")
    made = create_schedule(
        problem, dataset, cron="0 6 * * *", recipes=[{"estimator": "logistic_regression"}], by=by
    )
    before, client = stored(), web(bob)
    page = client.post(f"/training-schedules/{made.pk}", {"do": "delete"}, follow=True).content.decode()
    assert not Schedule.objects.filter(name=made.schedule_name).exists()
    client.post(undo_in(page))
    assert stored() == before
    assert Schedule.objects.get(name=made.schedule_name).enabled


def test_nobody_else_takes_it_back_and_nobody_whose_role_is_gone(
    things: dict[str, tuple[str, Model]], web: Web, bob: User, alice: User, charlie: User
) -> None:
    undo = deleted(web(bob), things["problem"][0])
    assert web(alice).post(undo).status_code == 404
    assert web(charlie).post(undo).status_code == 404
    Membership.objects.filter(user=bob).update(role=Role.VIEWER)
    assert web(bob).post(undo).status_code == 403
    assert not Problem.objects.filter(name="spare").exists()


def test_after_a_day_it_is_forgotten(things: dict[str, tuple[str, Model]], web: Web, bob: User) -> None:
    undo = deleted(web(bob), things["view"][0])
    KeptDeletion.objects.update(at=timezone.now() - timedelta(hours=25))
    assert web(bob).post(undo).status_code == 404
    deletions.forget_old()
    assert not KeptDeletion.objects.exists()


def test_a_name_that_is_taken_meanwhile_and_a_place_that_is_gone_are_said(
    things: dict[str, tuple[str, Model]], web: Web, bob: User, by: Actor
) -> None:
    client, view = web(bob), things["view"][1]
    undo = deleted(client, things["view"][0])
    assert isinstance(view, RunView)
    RunView.objects.create(experiment_id=view.experiment_id, name=view.name, state={}, is_shared=True)
    assert "cannot come back" in client.post(undo, follow=True).content.decode()
    recipe = deleted(client, things["recipe"][0])
    Problem.objects.get(name="spare").delete()
    assert "cannot come back" in client.post(recipe, follow=True).content.decode()
    assert not Recipe.objects.filter(name="usual").exists()


def test_what_is_too_large_to_keep_goes_without_a_button(
    things: dict[str, tuple[str, Model]], web: Web, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletions, "MOST_ROWS", 1)
    text = web(bob).post(things["problem"][0], follow=True).content.decode()
    assert "is deleted." in text
    assert "/undo" not in text
    assert not Problem.objects.filter(name="spare").exists()
