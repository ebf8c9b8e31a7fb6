"""The REST door of studies: create, list, change, ask, report, tell, and what it refuses."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from experiments.models import DatasetVersion, Problem, Run, Study, Trial
from mlregistry.accounts.models import User

from .conftest import problem_json

pytestmark = pytest.mark.django_db
Api = Callable[[User], APIClient]
STUDIES = "/api/v1/studies/"
OWN: dict[str, Any] = {
    "name": "Own code",
    "space": {"parameters": {"x": {"low": -1.0, "high": 1.0}}},
    "objectives": [{"metric": "loss", "direction": "minimize"}],
    "max_trials": 2,
    "sampler": "random",
}


@pytest.fixture
def client(api: Api, bob: User) -> APIClient:
    return api(bob)


@pytest.fixture
def own(client: APIClient) -> str:
    """The address of a study for code of one's own."""
    made = client.post(STUDIES, OWN, format="json")
    assert made.status_code == 202, made.content
    return f"{STUDIES}{made.json()['id']}"


def ask(client: APIClient, address: str) -> dict[str, Any]:
    answer = client.post(f"{address}/ask", {}, format="json")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_problem_and_version_are_enough(client: APIClient, problem: Problem, version: DatasetVersion) -> None:
    made = client.post(STUDIES, {"problem": problem.pk, "dataset_version": version.pk}, format="json")
    assert made.status_code == 202, made.content
    body = made.json()
    assert (body["state"], body["sampler"], body["max_trials"]) == ("RUNNING", "tpe", 50)
    assert body["progress"]["n_lanes_live"] == 2
    assert [row["id"] for row in client.get(STUDIES).json()["results"]] == [body["id"]]
    trial = ask(client, f"{STUDIES}{body['id']}")
    assert trial["recipe"]["estimator"] in body["space"]["estimators"]


def test_ask_report_tell_and_the_end(client: APIClient, own: str) -> None:
    first, second = ask(client, own), ask(client, own)
    assert (first["number"], second["number"]) == (0, 1)
    here = f"{own}/trials/0"
    told = client.post(f"{here}/report", {"attempt": 1, "step": 1, "value": 0.5}, format="json")
    assert told.json() == {"prune": False}
    end = {"attempt": 1, "values": [0.25], "metrics": {"extra": 1.5}}
    assert client.post(f"{here}/tell", end, format="json").status_code == 200
    assert client.post(f"{here}/tell", end, format="json").status_code == 200
    run = Run.objects.get(pk=first["run"])
    assert dict(run.latest_metrics.values_list("key", "value")) == {"loss": 0.25, "extra": 1.5}
    failed = {"attempt": 1, "state": "FAILED", "error": "diverged"}
    assert client.post(f"{own}/trials/1/tell", failed, format="json").status_code == 200
    body = client.get(own).json()
    assert (body["state"], body["best_number"], body["best_value"]) == ("COMPLETE", 0, 0.25)
    over = client.post(f"{own}/ask", {}, format="json")
    assert over.status_code == 409
    assert "All 2 trials are done" in problem_json(over)["detail"]


def test_an_old_attempt_is_refused(client: APIClient, own: str) -> None:
    ask(client, own)
    Trial.objects.update(lease_until="2020-01-01T00:00:00Z")
    again = ask(client, own)
    assert (again["number"], again["attempt"]) == (0, 2)
    for path, body in (("report", {"step": 1, "value": 1.0}), ("tell", {"values": [1.0]})):
        answer = client.post(f"{own}/trials/0/{path}", {"attempt": 1, **body}, format="json")
        assert answer.status_code == 409
        assert problem_json(answer)["field"] == "attempt"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("tell", {"attempt": 1}, "values"),
        ("tell", {"attempt": 1, "values": [1.0, 2.0]}, "values"),
        ("tell", {"attempt": 1, "state": "PRUNED", "values": [1.0]}, "values"),
        ("tell", {"attempt": 1, "state": "LOST"}, "state"),
        ("tell", {"attempt": 1, "values": [1.0], "metrics": {"a\x00b": 1.0}}, None),
        ("report", {"attempt": 1, "step": -1, "value": 1.0}, "step"),
        ("report", {"attempt": 1, "step": 2**70, "value": 1.0}, "step"),
        ("report", {"attempt": 2**80, "step": 1, "value": 1.0}, "attempt"),
        ("report", {"step": 1, "value": 1.0}, "attempt"),
    ],
)
def test_a_bad_telling_is_named(client: APIClient, own: str, path: str, body: Any, field: str | None) -> None:
    ask(client, own)
    answer = client.post(f"{own}/trials/0/{path}", body, format="json")
    assert answer.status_code == 400, answer.content
    assert field is None or problem_json(answer)["field"] == field


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e999"])
def test_a_value_that_is_no_number_is_refused(client: APIClient, own: str, text: str) -> None:
    ask(client, own)
    for path, body in (("report", f'"step": 1, "value": {text}'), ("tell", f'"values": [{text}]')):
        answer = client.post(
            f"{own}/trials/0/{path}", f'{{"attempt": 1, {body}}}', content_type="application/json"
        )
        assert answer.status_code == 400, answer.content


def test_pause_resume_cancel_delete(client: APIClient, own: str) -> None:
    assert client.post(f"{own}/pause").json()["state"] == "PAUSED"
    assert client.post(f"{own}/ask", {}, format="json").status_code == 409
    assert client.post(f"{own}/resume").json()["state"] == "RUNNING"
    assert client.delete(own).status_code == 409
    assert client.post(f"{own}/cancel").json()["state"] == "CANCELLED"
    assert client.post(f"{own}/cancel").status_code == 409
    assert client.delete(own).status_code == 204
    assert not Study.objects.exists()


def test_trials_are_filtered_and_paged(client: APIClient, own: str) -> None:
    client.post(f"{own}/trials/", {"params": {"x": 0.5}}, format="json")
    ask(client, own)
    ask(client, own)
    page = client.get(f"{own}/trials/?page_size=1").json()
    assert [row["params"] for row in page["results"]] == [{"x": 0.5}]
    assert page["next"]
    assert client.get(f"{own}/trials/?state=COMPLETE").json()["results"] == []
    assert client.get(f"{own}/trials/?colour=1").status_code == 400


def test_viewers_look_and_strangers_see_nothing(
    client: APIClient, own: str, api: Api, vera: User, charlie: User
) -> None:
    assert api(vera).get(own).status_code == 200
    assert api(vera).post(f"{own}/ask", {}, format="json").status_code == 403
    assert api(charlie).get(own).status_code == 404
    assert (
        api(charlie).post(f"{own}/trials/0/tell", {"attempt": 1, "values": [1]}, format="json").status_code
        == 404
    )
    assert (
        client.post(f"{own}/trials/7/tell", {"attempt": 1, "values": [1]}, format="json").status_code == 404
    )
