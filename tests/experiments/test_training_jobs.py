"""Trainings as jobs for people: paused between two runs, estimated, prioritised, started again with changes."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from experiments.actions import training as actions
from experiments.models import DatasetVersion, Problem, Run
from experiments.workers import training as worker
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.jobs.context import JobContext, JobPaused
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, Priority, State
from mlregistry.ml.search.space import USUAL

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
Web = Callable[[User], Client]
RECIPES: list[dict[str, Any]] = [
    {"estimator": "decision_tree", "seed": 7},
    {"estimator": "logistic_regression"},
]


@pytest.fixture
def job(problem: Problem, version: DatasetVersion, editor: Actor) -> Job:
    return actions.start_training(problem, version, recipes=RECIPES, by=editor)[2]


def test_a_training_pauses_between_two_runs_and_goes_on_with_the_rest(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(state=State.RUNNING, attempt=1)
    told: list[dict[str, Any]] = []
    context = JobContext(
        job_id=str(job.pk),
        attempt=1,
        send=lambda event: None,
        mark=told.append,
        stopped=lambda: False,
        pausing=lambda: Run.objects.filter(job=job, status="FINISHED").exists(),
    )
    with pytest.raises(JobPaused):
        worker.train(context, **job.args)
    assert sorted(Run.objects.filter(job=job).values_list("status", flat=True)) == [
        "FINISHED",
        "SCHEDULED",
        "SCHEDULED",
    ]
    phases = [event["phase"] for event in told if "phase" in event]
    assert phases == ["read", "train", "store"]
    Job.objects.filter(pk=job.pk).update(state=State.QUEUED)
    done = run_here(job)
    assert (done.state, done.result) == (State.SUCCEEDED, {"n_finished": 3, "n_failed": 0}), done.error


def test_a_training_says_how_large_its_table_is_and_what_it_trains(job: Job, version: DatasetVersion) -> None:
    assert job.n_cells == version.n_rows * version.n_columns
    assert job.parts == ["decision_tree", "dummy", "logistic_regression"]


def test_the_form_is_filled_as_an_earlier_job_was(
    web: Web, bob: User, charlie: User, problem: Problem, job: Job
) -> None:
    Job.objects.filter(pk=job.pk).update(priority=Priority.LOW, queue="bigmem")
    text = web(bob).get(f"/problems/{problem.pk}/train?job={job.pk}").content.decode()
    assert 'value="decision_tree" checked' in text
    assert 'value="random_forest" checked' not in text
    assert '<option value="bigmem" selected' in text
    assert '<option value="low" selected' in text
    assert 'name="seed" type="number" value="7"' in text
    assert web(bob).get(f"/problems/{problem.pk}/train?job=nonsense").status_code == 404
    page = web(bob).get(f"/jobs/{job.pk}/").content.decode()
    assert f"/problems/{problem.pk}/train?job={job.pk}" in page


def test_the_training_page_estimates_or_says_that_it_cannot(
    web: Web, bob: User, problem: Problem, version: DatasetVersion, job: Job
) -> None:
    address = f"/problems/{problem.pk}/train/estimate"
    wanted: dict[str, Any] = {"version": version.pk, "estimator": ["decision_tree", "logistic_regression"]}
    assert "not enough earlier trainings" in web(bob).get(address, wanted).content.decode()
    done = {
        "state": State.SUCCEEDED,
        "wall_seconds": 12.0,
        "peak_memory_mb": 300.0,
        "started_at": timezone.now(),
    }
    for _ in range(3):
        Job.objects.create(
            team=job.team, kind=job.kind, title="t", n_cells=job.n_cells, parts=job.parts, **done
        )
    text = web(bob).get(address, wanted).content.decode()
    assert "<b>12 s</b>" in text
    assert "300 MB" in text
    assert "with these estimators" in text
    assert web(bob).get(address, {"version": "x"}).status_code == 400


def test_a_training_without_estimators_takes_the_usual_ones_of_the_kind(
    api: Api, bob: User, problem: Problem, version: DatasetVersion
) -> None:
    body = {"problem": problem.pk, "dataset_version": version.pk, "seed": 7}
    answer = api(bob).post("/api/v1/trainings/", body, format="json")
    assert answer.status_code == 202, answer.content
    runs = Run.objects.filter(pk__in=answer.json()["runs"])
    assert {run.estimator for run in runs} == {"dummy", *USUAL["classification"]}
    assert {(run.recipe or {})["seed"] for run in runs} == {7}
    schema = api(bob).get("/api/schema/?format=json").json()["components"]["schemas"]["TrainingIn"]
    for name in USUAL["classification"]:
        assert name in schema["properties"]["estimators"]["description"]
    both = body | {"estimators": ["ridge"], "recipes": [{"estimator": "ridge"}]}
    refused = api(bob).post("/api/v1/trainings/", both, format="json")
    assert (refused.status_code, refused.json()["field"]) == (400, "estimators")


def test_a_training_is_started_with_a_priority_and_a_class(
    api: Api, web: Web, alice: User, bob: User, problem: Problem, version: DatasetVersion
) -> None:
    body = {"problem": problem.pk, "dataset_version": version.pk, "estimators": ["decision_tree"]}
    wanted = {"priority": "low", "resource_class": "bigmem"}
    answer = api(bob).post("/api/v1/trainings/", body | wanted, format="json")
    assert answer.status_code == 202, answer.content
    job = Job.objects.get(pk=answer.json()["job"])
    assert (job.priority, job.queue) == (Priority.LOW, "bigmem")
    for wrong, status in (
        ({"priority": "high"}, 403),
        ({"priority": "soon"}, 400),
        ({"resource_class": "moon"}, 400),
    ):
        assert api(bob).post("/api/v1/trainings/", body | wrong, format="json").status_code == status
    assert (
        api(alice).post("/api/v1/trainings/", body | {"priority": "high"}, format="json").status_code == 202
    )
    form = {"version": version.pk, "estimator": "decision_tree", "queue": "gpu", "priority": "low"}
    assert web(bob).post(f"/problems/{problem.pk}/train", form).status_code == 302
    assert Job.objects.filter(queue="gpu", priority=Priority.LOW).exists()
    assert web(bob).post(f"/problems/{problem.pk}/train", form | {"queue": "moon"}).status_code == 400
