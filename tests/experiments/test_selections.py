"""Studies of feature selection: the job, using what it found, deleting, and both doors."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from experiments.actions import datasets, problems
from experiments.actions import selections as actions
from experiments.actions import training as training_actions
from experiments.models import Dataset, DatasetVersion, Problem, SelectionStudy
from experiments.queries import selections as queries
from experiments.workers import selections as worker
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, User
from mlregistry.errors import Conflict, Forbidden, Invalid, NotFound
from mlregistry.jobs.context import JobCancelled, JobContext
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State

from .conftest import problem_json

pytestmark = pytest.mark.django_db
PLAN: dict[str, Any] = {"methods": ["variance", "l1", "pca"], "sizes": [1, 2], "folds": 3}
Api = Callable[[User], APIClient]
Web = Callable[[User], Client]


@pytest.fixture
def study(problem: Problem, version: DatasetVersion, editor: Actor) -> SelectionStudy:
    return actions.start_selection(problem, version, plan=PLAN, recipe={}, by=editor)


@pytest.fixture
def done(study: SelectionStudy) -> SelectionStudy:
    assert study.job is not None
    job = run_here(study.job)
    assert job.state == State.SUCCEEDED, job.error
    study.refresh_from_db()
    return study


def result_of(study: SelectionStudy) -> dict[str, Any]:
    assert study.result is not None
    return dict(study.result)


def job_of(study: SelectionStudy) -> Job:
    assert study.job is not None
    return study.job


def test_a_job_measures_every_method_and_number(done: SelectionStudy) -> None:
    result = result_of(done)
    assert len(result["rows"]) == 3 * 3
    assert result["features"] == ["age", "plan", "usage"]
    assert done.state == State.SUCCEEDED
    assert done.advice["text"]
    assert job_of(done).result == {"advice": done.advice["text"]}
    row = queries.row_of(done, "l1", 1)
    assert row["features"] == ["age"]
    assert row["kept"] == {"age": 3}
    assert AuditEvent.objects.filter(action="selection.start").count() == 1


def test_the_matrix_counts_folds_and_marks_the_choice(done: SelectionStudy) -> None:
    shown = queries.matrix(result_of(done), 1)
    assert [column["title"] for column in shown["methods"]] == ["Variance", "L1 (Lasso)"]
    cells = {line["feature"]: line["cells"][1] for line in shown["lines"]}
    assert cells["age"] == {"count": 3, "level": 5, "chosen": True}
    assert cells["plan"] == {"count": 0, "level": 0, "chosen": False}
    assert queries.sizes(result_of(done)) == [1, 2, None]


def test_the_features_of_a_row_become_those_of_the_problem(done: SelectionStudy, editor: Actor) -> None:
    changed = actions.use_features(done, "l1", 1, by=editor)
    assert changed.pk == done.problem_id
    assert Problem.objects.get(pk=changed.pk).features == ["age"]
    line = AuditEvent.objects.get(action="selection.use")
    assert line.details["features"] == ["age"]


def test_a_problem_that_runs_hold_fast_gets_a_sister(
    done: SelectionStudy, version: DatasetVersion, editor: Actor
) -> None:
    training_actions.start_training(done.problem, version, recipes=[{"estimator": "dummy"}], by=editor)
    made = actions.use_features(done, "l1", 2, by=editor)
    again = actions.use_features(done, "l1", 2, by=editor)
    assert made.pk != done.problem_id
    assert len({made.name, again.name, done.problem.name}) == 3
    assert (len(made.features), made.target, made.primary_metric) == (2, "churned", "roc_auc")
    assert Problem.objects.get(pk=done.problem_id).features == []


def test_what_cannot_be_used_is_refused(study: SelectionStudy, editor: Actor, viewer: Actor) -> None:
    with pytest.raises(Conflict):
        actions.use_features(study, "l1", 1, by=editor)
    run_here(job_of(study))
    study.refresh_from_db()
    with pytest.raises(Forbidden):
        actions.use_features(study, "l1", 1, by=viewer)
    with pytest.raises(NotFound):
        actions.use_features(study, "l1", 7, by=editor)
    with pytest.raises(NotFound):
        actions.use_features(study, "magic", 1, by=editor)
    with pytest.raises(Invalid):
        actions.use_features(study, "pca", 1, by=editor)


@pytest.mark.parametrize(
    ("plan", "recipe", "field"),
    [
        ({"methods": ["magic"]}, {}, "methods"),
        ({"folds": 99}, {}, "folds"),
        ({"sizes": [-1]}, {}, "sizes"),
        ({}, {"estimator": "ridge"}, "estimator"),
        ({}, {"estimator": "dummy"}, "estimator"),
        ({}, {"seed": -1}, "seed"),
    ],
)
def test_a_bad_wish_is_named_and_nothing_starts(
    problem: Problem, version: DatasetVersion, editor: Actor, plan: Any, recipe: Any, field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        actions.start_selection(problem, version, plan=plan, recipe=recipe, by=editor)
    assert caught.value.field == field
    assert not Job.objects.filter(kind="experiments.select_features").exists()
    assert not SelectionStudy.objects.exists()


def test_a_table_without_the_target_and_other_people_are_refused(
    problem: Problem, version: DatasetVersion, editor: Actor, viewer: Actor, stranger: Actor
) -> None:
    other = problems.create_problem("P", kind="classification", target="gone", by=editor)
    with pytest.raises(Invalid, match="gone"):
        actions.start_selection(other, version, plan=PLAN, recipe={}, by=editor)
    with pytest.raises(Forbidden):
        actions.start_selection(problem, version, plan=PLAN, recipe={}, by=viewer)
    with pytest.raises(Invalid):
        actions.start_selection(problem, version, plan=PLAN, recipe={}, by=stranger)


def test_a_deleted_dataset_ends_a_waiting_study_and_leaves_a_finished_one(
    study: SelectionStudy, problem: Problem, version: DatasetVersion, editor: Actor
) -> None:
    finished = actions.start_selection(problem, version, plan=PLAN, recipe={}, by=editor)
    run_here(job_of(finished))
    datasets.delete_dataset(Dataset.objects.get(pk=version.dataset_id), by=editor)
    job = run_here(job_of(study))
    assert job.state == State.FAILED
    assert "Customers v1 was deleted" in job.error
    finished.refresh_from_db()
    assert (finished.dataset_version, finished.data_name) == (None, "Customers v1")
    assert finished.result is not None


def test_a_table_that_cannot_be_studied_fails_the_job_with_the_reason(editor: Actor) -> None:
    rows = "\n".join(f"{i},{i % 2}" for i in range(30))
    version = datasets.add_version(
        datasets.create_dataset("One", by=editor), io.BytesIO(f"x,y\n{rows}\n".encode()),
        filename="one.csv", by=editor,
    )  # fmt: skip
    problem = problems.create_problem("One", kind="classification", target="y", by=editor)
    study = actions.start_selection(problem, version, plan=PLAN, recipe={}, by=editor)
    job = run_here(job_of(study))
    assert job.state == State.FAILED
    assert "at least two feature columns" in job.error
    study.refresh_from_db()
    assert study.state == State.FAILED


def test_a_cancelled_study_writes_nothing(study: SelectionStudy, editor: Actor) -> None:
    told: list[dict[str, Any]] = []
    context = JobContext(
        job_id=str(job_of(study).pk), attempt=job_of(study).attempt, send=told.append,
        stopped=lambda: len(told) > 3,
    )  # fmt: skip
    with pytest.raises(JobCancelled):
        worker.select_features(context, study_id=study.pk)
    study.refresh_from_db()
    assert study.result is None
    actions.cancel_selection(study, by=editor)
    study.refresh_from_db()
    assert study.state == State.CANCELLED
    with pytest.raises(Conflict):
        actions.cancel_selection(study, by=editor)


def test_a_worker_that_lost_the_job_writes_nothing(study: SelectionStudy) -> None:
    job = job_of(study)
    stale = JobContext(job_id=str(job.pk), attempt=job.attempt, send=lambda _: None, stopped=lambda: False)
    Job.objects.filter(pk=job.pk).update(attempt=job.attempt + 1)
    with pytest.raises(JobCancelled):
        worker.select_features(stale, study_id=study.pk)
    study.refresh_from_db()
    assert study.result is None


def test_deleting_a_study_stops_its_job(study: SelectionStudy, editor: Actor, viewer: Actor) -> None:
    with pytest.raises(Forbidden):
        actions.delete_selection(study, by=viewer)
    job = job_of(study)
    actions.delete_selection(study, by=editor)
    assert Job.objects.get(pk=job.pk).state == State.CANCELLED
    assert not SelectionStudy.objects.exists()
    assert AuditEvent.objects.filter(action="selection.delete").exists()


def test_the_api_starts_reads_uses_and_deletes(
    problem: Problem, version: DatasetVersion, bob: User, api: Api
) -> None:
    client = api(bob)
    body = {"problem": problem.pk, "dataset_version": version.pk, **PLAN}
    answer = client.post("/api/v1/selections/", body, format="json")
    assert answer.status_code == 202, answer.content
    address = f"/api/v1/selections/{answer.json()['id']}"
    assert answer.json()["state"] == "QUEUED"
    run_here(Job.objects.get(pk=answer.json()["job"]))
    found = client.get(address).json()
    assert found["state"] == "SUCCEEDED"
    assert found["result"]["reference"]["n_features"] == 3
    listed = client.get(f"/api/v1/selections/?problem={problem.pk}").json()["results"]
    assert [row["id"] for row in listed] == [found["id"]]
    assert "result" not in listed[0]
    used = client.post(f"{address}/use", {"method": "l1", "n_features": 1}, format="json")
    assert used.json()["features"] == ["age"]
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404


def test_the_api_refuses_viewers_strangers_and_bad_bodies(
    done: SelectionStudy, version: DatasetVersion, bob: User, vera: User, charlie: User, api: Api
) -> None:
    body = {"problem": done.problem_id, "dataset_version": version.pk}
    address = f"/api/v1/selections/{done.pk}"
    assert api(vera).get(address).status_code == 200
    assert api(vera).post("/api/v1/selections/", body, format="json").status_code == 403
    assert api(vera).post(f"{address}/use", {"method": "l1"}, format="json").status_code == 403
    assert api(vera).delete(address).status_code == 403
    assert api(charlie).get(address).status_code == 404
    assert api(charlie).post("/api/v1/selections/", body, format="json").status_code == 404
    for wrong, field in (({"folds": 1}, "folds"), ({"methods": ["x"]}, "methods"), ({"depth": 1}, "depth")):
        answer = api(bob).post("/api/v1/selections/", {**body, **wrong}, format="json")
        assert answer.status_code == 400
        assert problem_json(answer)["field"] == field


def test_the_pages_lead_from_the_problem_to_used_features(
    problem: Problem, version: DatasetVersion, bob: User, web: Web
) -> None:
    problem.datasets.add(version.dataset)
    client = web(bob)
    assert f"/problems/{problem.pk}/select" in client.get(f"/problems/{problem.pk}/").content.decode()
    form = {"version": version.pk, "estimator": "logistic_regression", "method": ["variance", "l1", "pca"],
            "sizes": "1, 2", "folds": "3", "seed": "1", "own_choice": "on"}  # fmt: skip
    assert client.get(f"/problems/{problem.pk}/select").status_code == 200
    answer = client.post(f"/problems/{problem.pk}/select", form)
    assert answer.status_code == 302
    page = answer["Location"]
    waiting = client.get(page, headers={"HX-Request": "true"}).content.decode()
    assert waiting.startswith('<section class="card" id="selection-status"')
    assert 'hx-trigger="every 2s"' in waiting
    run_here(Job.objects.get(kind="experiments.select_features"))
    assert client.get(page, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    found = client.get(page).content.decode()
    assert "Which features each method keeps" in found
    assert 'id="chart-sizes"' in found
    assert client.get(f"{page}?n=own").status_code == 200
    assert client.get(f"{page}?n=77").status_code == 200
    assert client.post(f"{page}use", {"method": "l1", "n_features": "1"}).status_code == 302
    problem.refresh_from_db()
    assert problem.features == ["age"]
    assert client.post(f"{page}delete").status_code == 302
    assert client.get(page).status_code == 404


def test_a_study_takes_the_steps_of_a_recipe(
    problem: Problem, version: DatasetVersion, bob: User, web: Web, api: Api
) -> None:
    problem.datasets.add(version.dataset)
    form = {"version": version.pk, "method": ["variance"], "folds": "3", "recipe": "suggested"}
    page = web(bob).get(f"/problems/{problem.pk}/select").content.decode()
    assert "As suggested for the table" in page
    assert web(bob).post(f"/problems/{problem.pk}/select", form).status_code == 302
    assert SelectionStudy.objects.get().recipe["steps"][0]["step"] == "duplicates"
    body = {"problem": problem.pk, "dataset_version": version.pk, **PLAN}
    answer = api(bob).post("/api/v1/selections/", {**body, "steps": [{"step": "magic"}]}, format="json")
    assert (answer.status_code, answer.json()["field"]) == (400, "steps.0.step")
    steps = [
        {"step": "drop_useless"},
        {"step": "dates"},
        {"step": "impute"},
        {"step": "encode", "method": "target"},
    ]
    answer = api(bob).post("/api/v1/selections/", {**body, "steps": steps}, format="json")
    assert answer.status_code == 202
    job = Job.objects.get(pk=answer.json()["job"])
    run_here(job)
    assert SelectionStudy.objects.get(pk=answer.json()["id"]).result is not None


def test_the_form_keeps_what_was_sent_and_says_what_is_wrong(
    problem: Problem, version: DatasetVersion, bob: User, web: Web
) -> None:
    answer = web(bob).post(
        f"/problems/{problem.pk}/select", {"version": version.pk, "folds": "99", "method": "l1"}
    )
    assert answer.status_code == 400
    assert "between 3 and 10" in answer.content.decode()
    assert 'value="l1" checked' in answer.content.decode()
    assert 'value="rfe" checked' not in answer.content.decode()


def test_viewers_look_and_change_nothing_and_strangers_find_nothing(
    done: SelectionStudy, vera: User, charlie: User, web: Web
) -> None:
    page = f"/selections/{done.pk}/"
    shown = web(vera).get(page)
    assert shown.status_code == 200
    assert "Use these features" not in shown.content.decode()
    for action in ("use", "delete", "cancel"):
        assert web(vera).post(f"{page}{action}", {"method": "l1"}).status_code == 403
        assert web(charlie).post(f"{page}{action}", {"method": "l1"}).status_code == 404
    assert web(vera).get(f"/problems/{done.problem_id}/select").status_code == 403
    assert web(charlie).get(page).status_code == 404


def test_a_failed_and_a_cancelled_study_tell_so(
    study: SelectionStudy, bob: User, editor: Actor, web: Web
) -> None:
    page = f"/selections/{study.pk}/"
    assert web(bob).post(f"{page}cancel").status_code == 302
    assert "cancelled" in web(bob).get(page).content.decode()
    Job.objects.update(state=State.FAILED, error="It ran out of memory.")
    assert "It ran out of memory." in web(bob).get(page).content.decode()
    Job.objects.all().delete()
    assert "left no result" in web(bob).get(page).content.decode()
