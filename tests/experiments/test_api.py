"""The REST doors: each one's happy path, who may not, and what bad input is told."""

import io
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from experiments.actions import artifacts
from experiments.actions import experiments as experiment_actions
from experiments.actions import runs as run_actions
from experiments.models import Dataset, DatasetVersion, Experiment, Problem, Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.jobs.models import Job

from .conftest import churn_csv, problem_json

pytestmark = pytest.mark.django_db
API = "/api/v1"
Clients = Callable[[User], APIClient]


@pytest.fixture
def client(api: Clients, bob: User) -> APIClient:
    return api(bob)


@pytest.fixture
def run(experiment: Experiment, editor: Actor) -> Run:
    return run_actions.create_run(experiment, by=editor)


def addresses(
    problem: Problem, version: DatasetVersion, experiment: Experiment, run: Run
) -> list[tuple[str, str]]:
    """Every verb and address that writes or shows something of the team."""
    versions = f"datasets/{version.dataset_id}/versions/"
    single = [
        f"problems/{problem.pk}", f"datasets/{version.dataset_id}", versions, f"{versions}1",
        f"{versions}1/preview",
        f"{versions}1/fit?problem={problem.pk}", f"experiments/{experiment.pk}",
        f"experiments/{experiment.pk}/runs",
        f"experiments/{experiment.pk}/leaderboard", f"runs/{run.pk}", f"runs/{run.pk}/metrics/a",
        f"runs/{run.pk}/curves", f"runs/{run.pk}/artifacts", f"runs/{run.pk}/artifacts/a.txt",
    ]  # fmt: skip
    writes = [
        ("post", versions), ("post", f"experiments/{experiment.pk}/runs"),
        ("post", f"runs/{run.pk}/log-batch"),
        ("patch", f"problems/{problem.pk}"), ("delete", f"problems/{problem.pk}"),
        ("patch", f"datasets/{version.dataset_id}"), ("delete", f"datasets/{version.dataset_id}"),
        ("patch", f"experiments/{experiment.pk}"), ("delete", f"experiments/{experiment.pk}"),
        ("patch", f"runs/{run.pk}"), ("delete", f"runs/{run.pk}"), ("put", f"runs/{run.pk}/artifacts/a.txt"),
        ("post", f"runs/{run.pk}/artifacts/a.txt"), ("delete", f"runs/{run.pk}/artifacts/a.txt"),
    ]  # fmt: skip
    return [("get", path) for path in single] + writes


def test_another_team_s_things_are_not_there(
    problem: Problem,
    version: DatasetVersion,
    experiment: Experiment,
    run: Run,
    api: Clients,
    charlie: User,
    editor: Actor,
) -> None:
    artifacts.save_artifact(run, "a.txt", io.BytesIO(b"x"), by=editor)
    outside = api(charlie)
    for verb, path in addresses(problem, version, experiment, run):
        assert getattr(outside, verb)(f"{API}/{path}", {}, format="json").status_code == 404, (verb, path)


def test_a_viewer_reads_everything_and_writes_nothing(
    problem: Problem,
    version: DatasetVersion,
    experiment: Experiment,
    run: Run,
    api: Clients,
    vera: User,
    editor: Actor,
) -> None:
    artifacts.save_artifact(run, "a.txt", io.BytesIO(b"x"), by=editor)
    looking = api(vera)
    creates = [("post", path) for path in ("problems/", "datasets/", "experiments/", "trainings/")]
    for verb, path in [*addresses(problem, version, experiment, run), *creates]:
        expected = 200 if verb == "get" else 403
        body: dict[str, Any] | None = {} if verb != "get" else None
        assert getattr(looking, verb)(f"{API}/{path}", body, format="json").status_code == expected, (
            verb,
            path,
        )


def test_without_a_token_nothing_is_shown() -> None:
    for path in ("problems/", "datasets/", "experiments/", f"runs/{uuid.uuid4()}"):
        assert APIClient().get(f"{API}/{path}").status_code == 401


def test_a_problem_is_framed_listed_changed_and_deleted(client: APIClient) -> None:
    body = {"name": "Churn", "kind": "classification", "target": "churned", "features": ["age"]}
    made = client.post(f"{API}/problems/", body, format="json")
    assert made.status_code == 201, made.content
    assert made.json()["direction"] == "maximize"
    address = f"{API}/problems/{made.json()['id']}"
    assert client.get(f"{API}/problems/?kind=classification&name=chu").json()["results"] == [made.json()]
    assert client.get(f"{API}/problems/?kind=regression").json()["results"] == []
    assert client.patch(address, {"goal": "Keep them"}, format="json").json()["goal"] == "Keep them"
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "classification", "target": "y"}, "name"),
        ({"name": "P", "kind": "magic", "target": "y"}, "kind"),
        ({"name": "P", "kind": "regression", "target": "y", "colour": 1}, "colour"),
        ({"name": "P", "kind": "regression", "target": "y", "features": "a"}, "features"),
        (
            {"name": "P", "kind": "regression", "target": "y", "success_threshold": "high"},
            "success_threshold",
        ),
    ],
)
def test_a_bad_problem_is_told_its_field(client: APIClient, body: Any, field: str) -> None:
    response = client.post(f"{API}/problems/", body, format="json")
    assert response.status_code == 400
    assert problem_json(response)["field"] == field


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"name": NaN}', b"\xff", b'{"a": "\\u0000"}'])
def test_a_body_that_is_no_json_object_is_a_400(client: APIClient, body: bytes) -> None:
    for path in ("problems/", "datasets/", "experiments/", "trainings/"):
        response = client.post(f"{API}/{path}", body, content_type="application/json")
        assert response.status_code == 400, path
        problem_json(response)


@pytest.mark.parametrize("query", ["kind=a%00", "ordering=secret", "colour=red", "cursor=zzz", "page_size=0"])
def test_a_bad_query_is_never_a_server_error(client: APIClient, query: str) -> None:
    assert client.get(f"{API}/problems/?{query}").status_code in (200, 400, 404)
    assert client.get(f"{API}/datasets/?problem=abc").status_code == 400


def test_pages_follow_each_other_without_loss(client: APIClient, editor: Actor) -> None:
    for i in range(5):
        experiment_actions.create_experiment(f"E{i}", by=editor)
    names, address = [], f"{API}/experiments/?page_size=2&ordering=name"
    while address:
        page = client.get(address).json()
        names += [row["name"] for row in page["results"]]
        address = page["next"]
    assert names == [f"E{i}" for i in range(5)]


def test_a_dataset_takes_a_form_and_a_raw_body(client: APIClient, problem: Problem) -> None:
    made = client.post(f"{API}/datasets/", {"name": "D", "problem": problem.pk}, format="json").json()
    versions = f"{API}/datasets/{made['id']}/versions/"
    first = client.post(versions, {"file": SimpleUploadedFile("a.csv", churn_csv())}, format="multipart")
    assert (first.status_code, first.json()["number"], first.json()["n_rows"]) == (201, 1, 120), first.content
    raw: dict[str, Any] = {"content_type": "application/octet-stream"}
    second = client.post(versions, churn_csv(50), HTTP_X_FILENAME="b.csv", **raw)
    assert (second.status_code, second.json()["number"]) == (201, 2), second.content
    again = client.post(versions, churn_csv(50), HTTP_X_FILENAME="b.csv", content_type="text/csv")
    assert again.json()["id"] == second.json()["id"]
    assert [row["number"] for row in client.get(versions).json()["results"]] == [2, 1]
    preview = client.get(f"{versions}1/preview?limit=2&offset=1").json()
    assert [row["age"] for row in preview["rows"]] == [21, 22]
    assert client.get(f"{versions}1/fit?problem={problem.pk}").json() == []


def test_a_bad_upload_says_what_is_wrong_and_changes_nothing(
    client: APIClient, version: DatasetVersion, settings: Any
) -> None:
    versions = f"{API}/datasets/{version.dataset_id}/versions/"
    ragged = SimpleUploadedFile("a.csv", b"a,b\n1,2\n3\n")
    response = client.post(versions, {"file": ragged}, format="multipart")
    assert response.status_code == 400
    assert "3" in problem_json(response)["detail"]
    assert problem_json(client.post(versions, {}, format="multipart"))["field"] == "file"
    assert problem_json(client.post(versions, {"a": 1}, format="json"))["field"] == "file"
    nameless = client.post(versions, b"a,b\n1,2\n", content_type="text/csv")
    assert problem_json(nameless)["field"] == "X-Filename"
    settings.UPLOAD_LIMIT_BYTES = 10
    big = {"file": SimpleUploadedFile("a.csv", b"a,b\n" + b"1,2\n" * 10)}
    assert client.post(versions, big, format="multipart").status_code == 413
    raw = client.post(versions, b"a,b\n" * 10, content_type="text/csv", HTTP_X_FILENAME="a.csv")
    assert raw.status_code == 413
    assert Dataset.objects.get(pk=version.dataset_id).last_number == 1


@pytest.mark.parametrize(
    "query",
    ["preview?limit=x", "preview?limit=0", "preview?offset=-1", "fit", "fit?problem=9999999999999999999"],
)
def test_a_bad_number_in_the_query_is_a_client_error(
    client: APIClient, version: DatasetVersion, query: str
) -> None:
    response = client.get(f"{API}/datasets/{version.dataset_id}/versions/1/{query}")
    assert response.status_code in (400, 404)
    problem_json(response)


def test_an_experiment_lives_through_its_door(client: APIClient, problem: Problem) -> None:
    made = client.post(
        f"{API}/experiments/", {"name": "E", "problem": problem.pk, "tags": {"a": "1"}}, format="json"
    )
    assert made.status_code == 201, made.content
    address = f"{API}/experiments/{made.json()['id']}"
    assert (
        client.patch(address, {"name": "F", "lifecycle": "deleted"}, format="json").json()["lifecycle"]
        == "deleted"
    )
    assert client.patch(address, {"lifecycle": "active"}, format="json").json()["name"] == "F"
    assert client.delete(address).status_code == 204
    taken = client.post(f"{API}/experiments/", {"name": "F"}, format="json")
    assert (taken.status_code, problem_json(taken)["field"]) == (409, "name")
    foreign = client.post(f"{API}/experiments/", {"name": "G", "problem": 10**12}, format="json")
    assert foreign.status_code == 404


def test_a_run_is_begun_logged_and_finished_from_code(client: APIClient, experiment: Experiment) -> None:
    made = client.post(f"{API}/experiments/{experiment.pk}/runs", {"name": "by hand"}, format="json")
    assert made.status_code == 201, made.content
    address = f"{API}/runs/{made.json()['id']}"
    batch = {
        "metrics": [{"key": "loss", "value": 0.5, "step": 1}, {"key": "loss", "value": "NaN", "step": 2}],
        "params": {"depth": "3"},
        "tags": {"who": "me"},
    }
    assert client.post(f"{address}/log-batch", batch, format="json").status_code == 204
    history = client.get(f"{address}/metrics/loss").json()
    assert [point["value"] for point in history["points"]] == [0.5, None]
    done = client.patch(address, {"status": "FINISHED", "note": "fine"}, format="json").json()
    assert (done["status"], done["metrics"], done["params"], done["note"]) == (
        "FINISHED",
        {"loss": None},
        {"depth": "3"},
        "fine",
    )
    listed = client.get(f"{API}/experiments/{experiment.pk}/runs?status=FINISHED").json()["results"]
    assert [row["tags"] for row in listed] == [{"who": "me"}]
    assert client.patch(address, {"lifecycle": "deleted"}, format="json").json()["lifecycle"] == "deleted"
    refused = client.post(f"{address}/log-batch", batch, format="json")
    assert refused.status_code == 409


@pytest.mark.parametrize(
    ("batch", "status", "field"),
    [
        ({"metrics": [{"key": "acc%", "value": 1}]}, 400, "metrics.0.key"),
        ({"metrics": [{"key": "a", "value": 1, "step": 2**63}]}, 400, "metrics.0.step"),
        ({"metrics": [{"key": "a", "value": True}]}, 400, "metrics.value"),
        ({"metrics": [{"key": "a", "value": 1, "step": 1.5}]}, 400, "metrics.step"),
        ({"metrics": {"a": 1}}, 400, "metrics"),
        ({"metrics": 5}, 400, "metrics"),
        ({"params": {"a": {}}}, 400, "params.a"),
        ({"points": []}, 400, "points"),
        ({"params": {str(i): "" for i in range(1001)}}, 413, "params"),
    ],
)
def test_a_bad_batch_is_told_its_field(
    client: APIClient, run: Run, batch: Any, status: int, field: str
) -> None:
    response = client.post(f"{API}/runs/{run.pk}/log-batch", batch, format="json")
    assert response.status_code == status
    assert problem_json(response)["field"].startswith(field.split(".")[0])


def test_files_of_a_run_go_up_and_come_down(client: APIClient, run: Run) -> None:
    address = f"{API}/runs/{run.pk}/artifacts"
    raw = client.put(f"{address}/plots/a.html", b"<script>", content_type="text/html")
    assert raw.status_code == 201, raw.content
    form = {"file": SimpleUploadedFile("x.bin", b"12345")}
    assert client.post(f"{address}/x.bin", form, format="multipart").json()["size"] == 5
    assert [row["path"] for row in client.get(address).json()["results"]] == ["plots/a.html", "x.bin"]
    assert [row["path"] for row in client.get(f"{address}?path=plots").json()["results"]] == ["plots/a.html"]
    down = client.get(f"{address}/plots/a.html")
    assert b"".join(down.streaming_content) == b"<script>"  # type: ignore[attr-defined]  # the stubs know no streamed answers
    assert down["Content-Disposition"].startswith("attachment")
    assert down["Content-Type"] == "application/octet-stream"
    assert client.delete(f"{address}/x.bin").status_code == 204
    assert client.get(f"{address}/x.bin").status_code == 404
    assert client.put(f"{address}/a/../b", b"x", content_type="text/plain").status_code in (400, 404)
    assert problem_json(client.put(f"{address}/plots", b"x", content_type="text/plain"))["field"] == "path"


def test_a_training_starts_with_a_baseline(
    client: APIClient, problem: Problem, version: DatasetVersion
) -> None:
    body = {
        "problem": problem.pk,
        "dataset": version.dataset_id,
        "estimators": ["logistic_regression"],
        "folds": 3,
    }
    started = client.post(f"{API}/trainings/", body, format="json")
    assert started.status_code == 202, started.content
    assert Job.objects.get(pk=started.json()["job"]).args["run_ids"] == started.json()["runs"]
    assert len(started.json()["runs"]) == 2
    board = client.get(f"{API}/experiments/{started.json()['experiment']}/leaderboard").json()
    assert {row["run"]["status"] for row in board} == {"SCHEDULED"}


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"estimators": []}, 400, "recipes"),
        ({"estimators": ["oracle"]}, 400, "recipes.0.estimator"),
        ({"estimators": None}, 400, "estimators"),
        ({"recipes": []}, 400, "estimators"),
        ({"dataset_version": 1}, 400, "dataset_version"),
        ({"problem": 10**9}, 404, None),
        ({"folds": 1}, 400, "recipes.0.folds"),
    ],
)
def test_a_bad_training_is_told_its_field(
    client: APIClient, problem: Problem, version: DatasetVersion, changes: Any, status: int, field: str | None
) -> None:
    body = {"problem": problem.pk, "dataset": version.dataset_id, "estimators": ["dummy"], **changes}
    response = client.post(f"{API}/trainings/", body, format="json")
    assert response.status_code == status, response.content
    assert problem_json(response).get("field") == field
    assert not Job.objects.filter(kind="experiments.train").exists()


def test_a_create_with_a_key_is_done_once(client: APIClient) -> None:
    send: dict[str, Any] = {"path": f"{API}/datasets/", "format": "json", "HTTP_IDEMPOTENCY_KEY": "k1"}
    first = client.post(**send, data={"name": "D"})
    assert client.post(**send, data={"name": "D"}).json() == first.json()
    assert client.post(**send, data={"name": "E"}).status_code == 409
    assert Dataset.objects.count() == 1


def test_a_run_list_takes_the_same_queries_whatever_its_length(
    client: APIClient, experiment: Experiment, editor: Actor
) -> None:
    counts = []
    for _ in range(2):
        for _ in range(3):
            run_actions.create_run(experiment, by=editor)
        client.get(f"{API}/experiments/{experiment.pk}/runs")
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"{API}/experiments/{experiment.pk}/runs").status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]
