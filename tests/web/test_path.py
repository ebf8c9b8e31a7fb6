"""The whole path in the browser's words: problem, data, training, leaderboard, registry, endpoint; and bad input."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from sklearn.datasets import load_breast_cancer

from experiments.models import Dataset, DatasetVersion, Experiment, Problem, Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from models_app.models import ModelVersion, RegisteredModel
from serving.models import Endpoint

FORM = {
    "name": "Tumours", "kind": "classification", "target": "target",
    "primary_metric": "roc_auc", "success_threshold": "0.9",
}  # fmt: skip


@pytest.fixture
def bob_client(client: Client, bob: User) -> Client:
    client.force_login(bob)
    return client


def table() -> SimpleUploadedFile:
    frame = load_breast_cancer(as_frame=True).frame.iloc[:, -6:]
    return SimpleUploadedFile("tumours.csv", frame.to_csv(index=False).encode())


def test_the_whole_path(bob_client: Client) -> None:
    post, get = bob_client.post, bob_client.get
    assert post("/problems/new", FORM).status_code == 302
    problem = Problem.objects.get()
    answer = post("/datasets/new", {"file": table(), "problem": problem.pk})
    version = DatasetVersion.objects.get()
    assert answer["Location"] == f"/datasets/{version.dataset_id}/versions/1/"
    assert "The table fits" in get(answer["Location"]).content.decode()

    train = {"version": version.pk, "estimator": ["logistic_regression", "decision_tree"], "seed": "7"}
    experiment_page = post(f"/problems/{problem.pk}/train", train)["Location"]
    assert run_here(Job.objects.get(kind="experiments.train")).state == State.SUCCEEDED
    board = get(experiment_page).content.decode()
    assert "best" in board
    assert "baseline" in board
    runs = list(Run.objects.filter(is_baseline=False))
    assert {run.recipe["seed"] for run in runs if run.recipe} == {7}
    for run in runs:
        page = get(f"/runs/{run.pk}/").content.decode()
        assert 'id="chart-roc"' in page
    compared = get("/compare", {"run": [str(run.pk) for run in runs]}).content.decode()
    assert "differs" in compared

    for run in runs:
        assert post(f"/runs/{run.pk}/register", {"model": "tumours"}).status_code == 302
    assert [row.number for row in ModelVersion.objects.order_by("number")] == [1, 2]
    post("/models/tumours/aliases", {"alias": "champion", "version": "2"})
    assert RegisteredModel.objects.get().aliases.get().version.number == 2
    assert "sha" in get("/models/tumours/versions/2/").content.decode().lower()

    split = {
        "name": "tumours",
        "variant": ["a", "b"],
        "version": ["tumours/2", "tumours/1"],
        "weight": ["90", "10"],
    }
    refused = post("/new-endpoint", {**split, "weight": ["90", "5"]})
    assert refused.status_code == 400
    assert "100" in str(refused.context["form_error"])
    assert 'value="90"' in refused.content.decode()
    assert not Endpoint.objects.exists()
    assert post("/new-endpoint", split)["Location"] == "/endpoints/tumours/"
    page = get("/endpoints/tumours/").content.decode()
    assert "90 %" in page
    assert "curl" in page
    assert post("/endpoints/tumours/variants", {**split, "weight": ["50", "50"]}).status_code == 302
    assert [float(row.weight) for row in Endpoint.objects.get().variants.all()] == [50.0, 50.0]
    assert get("/").status_code == 200


def test_a_wrong_problem_comes_back_with_its_field_marked(bob_client: Client) -> None:
    answer = bob_client.post("/problems/new", {**FORM, "name": "Keep me", "success_threshold": "much"})
    text = answer.content.decode()
    assert answer.status_code == 400
    assert "“much” is not a number." in text
    assert 'value="Keep me"' in text
    assert 'aria-invalid="true"' in text
    assert not Problem.objects.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "empty"), (b"a,b\n1,2\n3,4,5\n", "3"), (b"a,a\n1,2\n", "same name")],
)
def test_a_bad_table_changes_nothing(bob_client: Client, content: bytes, words: str) -> None:
    answer = bob_client.post("/datasets/new", {"file": SimpleUploadedFile("t.csv", content), "name": "T"})
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not Dataset.objects.exists()


def test_no_file_is_said(bob_client: Client) -> None:
    answer = bob_client.post("/datasets/new", {"name": "T"})
    assert answer.status_code == 400
    assert "Choose a file to upload." in answer.content.decode()


def test_training_without_estimators_is_refused(bob_client: Client) -> None:
    bob_client.post("/problems/new", FORM)
    bob_client.post("/datasets/new", {"file": table()})
    problem, version = Problem.objects.get(), DatasetVersion.objects.get()
    answer = bob_client.post(f"/problems/{problem.pk}/train", {"version": version.pk})
    assert answer.status_code == 400
    assert "Choose at least one estimator." in answer.content.decode()
    assert not Experiment.objects.exists()


def test_a_finished_job_cannot_be_cancelled(
    bob_client: Client, bob: User, actor_of: Callable[..., Actor]
) -> None:
    job = Job.objects.create(team=actor_of(bob).team, kind="x", title="X", state=State.SUCCEEDED)
    answer = bob_client.post(f"/jobs/{job.pk}/cancel", follow=True)
    assert "The job has ended already" in answer.content.decode()


def test_comparing_one_run_says_what_to_do(bob_client: Client) -> None:
    answer = bob_client.get("/compare")
    assert answer.status_code == 400
    assert "Choose 2 to 200 runs" in answer.content.decode()
