"""The page of the trash: who may look, restore and purge."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from experiments.actions import artifacts
from experiments.actions import experiments as experiment_actions
from experiments.actions import logged_models as model_actions
from experiments.actions import runs as run_actions
from experiments.models import Experiment, Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job

pytestmark = pytest.mark.django_db
Web = Callable[[User], Client]


@pytest.fixture
def gone(bob: User, actor_of: Callable[..., Actor]) -> tuple[Experiment, Run]:
    """A deleted experiment, a deleted run with a file, a deleted logged model."""
    by = actor_of(bob)
    experiment = experiment_actions.create_experiment("Old & <done>", by=by)
    stays = experiment_actions.create_experiment("Stays", by=by)
    run = run_actions.create_run(stays, name="bad run", by=by)
    artifacts.save_artifact(run, "a.bin", io.BytesIO(b"x" * 2048), by=by)
    model = model_actions.create_logged_model(stays, name="bad model", by=by)
    run_actions.delete_run(run, by=by)
    model_actions.delete_logged_model(model, by=by)
    return experiment_actions.delete_experiment(experiment, by=by), run


def test_the_page_lists_what_was_deleted_with_its_room(web: Web, vera: User, bob: User, gone: Any) -> None:
    page = web(vera).get("/trash/").content.decode()
    for part in ("Old &amp; &lt;done&gt;", "bad run", "bad model", "2.0", "bob", "logged model"):
        assert part in page, part
    assert "Restore the chosen" not in page
    assert "Purge" not in page
    assert "Empty the trash" not in web(bob).get("/trash/").content.decode()
    assert "bad run" not in web(vera).get("/trash/?kind=experiment").content.decode()
    assert web(vera).get("/trash/?kind=x").status_code == 400
    assert 'href="/trash/"' in web(vera).get("/experiments/").content.decode()


def test_an_editor_restores_what_is_chosen(web: Web, bob: User, vera: User, charlie: User, gone: Any) -> None:
    experiment, run = gone
    chosen = {"chosen": [f"experiment:{experiment.pk}", f"run:{run.pk}"]}
    assert web(vera).post("/trash/restore", chosen).status_code == 403
    assert web(charlie).post("/trash/restore", chosen).status_code == 404
    for wrong in ({}, {"chosen": "x:1"}, {"chosen": "run:x"}, {"chosen": "experiment:x"}):
        assert web(bob).post("/trash/restore", wrong).status_code == 302
    assert Experiment.objects.get(pk=experiment.pk).lifecycle == "deleted"
    assert web(bob).post("/trash/restore", chosen).status_code == 302
    assert Experiment.objects.get(pk=experiment.pk).lifecycle == "active"
    assert Run.objects.get(pk=run.pk).lifecycle == "active"


def test_an_owner_purges_what_is_chosen_or_everything(web: Web, alice: User, bob: User, gone: Any) -> None:
    experiment, run = gone
    chosen = {"chosen": [f"experiment:{experiment.pk}"]}
    assert web(bob).post("/trash/purge", chosen).status_code == 403
    answer = web(alice).post("/trash/purge", chosen)
    run_here(Job.objects.get())
    assert answer["Location"] == f"/jobs/{Job.objects.get().pk}/"
    assert not Experiment.objects.filter(pk=experiment.pk).exists()
    web(alice).post("/trash/purge", {"everything": "1"})
    run_here(Job.objects.order_by("-created_at")[0])
    assert not Run.objects.filter(pk=run.pk).exists()
    assert "Nothing deleted" in web(alice).get("/trash/").content.decode()


def test_a_new_experiment_with_the_name_of_a_deleted_one_is_sent_to_the_trash(
    web: Web, bob: User, gone: Any
) -> None:
    answer = web(bob).post("/experiments/new", {"name": "Old & <done>"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "it is deleted" in page
    assert 'href="/trash/"' in page
