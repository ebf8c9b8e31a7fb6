"""Rules of MLflow's stores that only a row by row comparison shows: ends, names, orders and words of refusals."""

from collections.abc import Callable
from typing import Any

import pytest

from experiments.models import Run
from mlregistry.accounts.models import Team, User
from mlregistry.lib.names import ADJECTIVES, NOUNS

from .conftest import Mlflow

Make = Callable[..., Mlflow]
NAME = "mlflow.runName"


def made_experiment(client: Mlflow, name: str = "held") -> str:
    return str(client.post("experiments/create", {"name": name})[1]["experiment_id"])


def made_run(client: Mlflow, experiment: str, **given: Any) -> str:
    made = client.post("runs/create", {"experiment_id": experiment, **given})[1]
    return str(made["run"]["info"]["run_id"])


def updated(client: Mlflow, run: str, **given: Any) -> dict[str, Any]:
    return dict(client.post("runs/update", {"run_id": run, **given})[1]["run_info"])


def named(client: Mlflow, run: str) -> tuple[str, str | None]:
    found = client.get("runs/get", run_id=run)[1]["run"]
    tags = {tag["key"]: tag["value"] for tag in found["data"].get("tags", ())}
    return found["info"]["run_name"], tags.get(NAME)


@pytest.mark.parametrize("status", ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"])
def test_the_end_of_a_run_is_the_one_that_is_given(mlflow: Make, bob: User, status: str) -> None:
    client = mlflow(bob)
    run = made_run(client, made_experiment(client))
    assert updated(client, run, status=status, end_time=1234)["end_time"] == 1234


def test_a_run_that_ends_without_an_end_has_none_and_is_ordered_last(mlflow: Make, bob: User) -> None:
    client = mlflow(bob)
    experiment = made_experiment(client)
    unknown, early, late = (made_run(client, experiment, run_name=name) for name in ("none", "early", "late"))
    assert "end_time" not in updated(client, unknown, status="FINISHED")
    updated(client, early, status="FINISHED", end_time=1)
    updated(client, late, status="FINISHED", end_time=2)
    for direction, expected in (("ASC", [early, late, unknown]), ("DESC", [late, early, unknown])):
        wanted = {"experiment_ids": [experiment], "order_by": [f"attribute.end_time {direction}"]}
        found = client.post("runs/search", wanted)[1]["runs"]
        assert [run["info"]["run_id"] for run in found] == expected


def test_a_run_that_is_taken_up_again_has_no_end(mlflow: Make, bob: User) -> None:
    client = mlflow(bob)
    run = made_run(client, made_experiment(client))
    updated(client, run, status="FINISHED", end_time=5)
    assert "end_time" not in updated(client, run, status="RUNNING")


def test_a_run_keeps_its_name_when_the_tag_of_the_name_is_deleted(mlflow: Make, bob: User) -> None:
    client = mlflow(bob)
    experiment = made_experiment(client)
    run = made_run(client, experiment, run_name="first")
    assert client.post("runs/delete-tag", {"run_id": run, "key": NAME}) == (200, {})
    assert named(client, run) == ("first", None)
    assert client.post("runs/delete-tag", {"run_id": run, "key": NAME})[0] == 404
    for filter, found in (
        (f"tags.`{NAME}` = 'first'", 0),
        (f"tags.`{NAME}` IS NULL", 1),
        ("run_name = 'first'", 1),
    ):
        answer = client.post("runs/search", {"experiment_ids": [experiment], "filter": filter})[1]
        assert len(answer.get("runs", ())) == found, filter


@pytest.mark.parametrize("way", ["update", "set-tag", "log-batch", "same again"])
def test_a_name_that_is_given_again_is_a_tag_again(mlflow: Make, bob: User, way: str) -> None:
    client = mlflow(bob)
    run = made_run(client, made_experiment(client), run_name="first")
    client.post("runs/delete-tag", {"run_id": run, "key": NAME})
    name = "first" if way == "same again" else "second"
    if way == "update":
        updated(client, run, run_name=name)
    elif way == "log-batch":
        client.post("runs/log-batch", {"run_id": run, "tags": [{"key": NAME, "value": name}]})
    else:
        client.post("runs/set-tag", {"run_id": run, "key": NAME, "value": name})
    assert named(client, run) == (name, name)


def test_a_generated_name_has_two_words_and_a_number_in_twenty_characters() -> None:
    longest = max(map(len, ADJECTIVES)) + max(map(len, NOUNS)) + len("--999")
    assert longest <= 20
    assert len(set(ADJECTIVES)) == len(ADJECTIVES)


def test_a_described_model_keeps_the_order_of_its_fields(mlflow: Make, bob: User) -> None:
    client = mlflow(bob)
    run = made_run(client, made_experiment(client))
    sent = '{"run_id": "r", "artifact_path": "m", "utc_time_created": "t", "model_uuid": "u", "flavors": {"a": "b"}}'
    assert client.post("runs/log-model", {"run_id": run, "model_json": sent}) == (200, {})
    data = client.get("runs/get", run_id=run)[1]["run"]["data"]
    history = [tag["value"] for tag in data["tags"] if tag["key"] == "mlflow.log-model.history"]
    assert history == [f"[{sent}]"]


def test_the_default_experiment_can_be_deleted_and_restored(mlflow: Make, bob: User) -> None:
    client = mlflow(bob)
    made_experiment(client, "other")
    assert client.post("experiments/delete", {"experiment_id": "0"}) == (200, {})
    found = client.get("experiments/get", experiment_id="0")[1]["experiment"]
    assert (found["name"], found["lifecycle_stage"]) == ("Default", "deleted")
    listed = client.post("experiments/search", {"max_results": 10})[1]["experiments"]
    assert [one["name"] for one in listed] == ["other"]
    assert client.post("runs/create", {"experiment_id": "0"})[0] == 400
    assert client.post("experiments/restore", {"experiment_id": "0"}) == (200, {})
    assert Run.objects.filter(pk=made_run(client, "0")).exists()


def test_the_default_experiment_is_ordered_as_number_zero(mlflow: Make, bob: User) -> None:
    client = mlflow(bob)
    others = [made_experiment(client, name) for name in "xy"]
    for direction, expected in (("ASC", ["0", *others]), ("DESC", [*reversed(others), "0"])):
        wanted = {"max_results": 10, "order_by": [f"experiment_id {direction}"]}
        found = client.post("experiments/search", wanted)[1]["experiments"]
        assert [one["experiment_id"] for one in found] == expected


def test_an_experiment_names_its_workspace(mlflow: Make, bob: User, team: Team) -> None:
    client = mlflow(bob)
    experiment = made_experiment(client)
    assert client.get("experiments/get", experiment_id=experiment)[1]["experiment"]["workspace"] == team.slug


@pytest.mark.parametrize(("given", "why"), [(0, "be a positive integer"), (50_001, "be at most 50000")])
def test_a_page_of_experiments_that_is_refused_says_which_limit(
    mlflow: Make, bob: User, given: int, why: str
) -> None:
    status, body = mlflow(bob).post("experiments/search", {"max_results": given})
    assert status == 400
    assert body["message"] == f"Invalid value {given} for parameter 'max_results' supplied. It must {why}."


@pytest.mark.parametrize("scheme", ["http", "https", "ftp", "sftp"])
def test_artifacts_are_not_kept_where_the_address_names_a_host(mlflow: Make, bob: User, scheme: str) -> None:
    place = {"name": "far", "artifact_location": f"{scheme}://host/folder"}
    status, body = mlflow(bob).post("experiments/create", place)
    assert status == 400
    assert f"'artifact_location' cannot use the '{scheme}' scheme" in body["message"]


def test_a_location_has_no_fragment(mlflow: Make, bob: User) -> None:
    place = {"name": "far", "artifact_location": "s3://bucket/a#b"}
    assert (
        "URL can't include fragments or params" in mlflow(bob).post("experiments/create", place)[1]["message"]
    )


@pytest.mark.parametrize(
    ("filter", "opening"),
    [
        ("Foo", "Invalid filter string"),
        ("name > 'a'", "Invalid comparison operator"),
        ("metrics.a LIKE 0", "Invalid comparison operator"),
        ("foo.bar = 'a'", "Invalid entity type"),
    ],
)
def test_a_wrong_filter_of_logged_models_is_refused_in_its_own_words(
    mlflow: Make, bob: User, filter: str, opening: str
) -> None:
    client = mlflow(bob)
    wanted = {"experiment_ids": [made_experiment(client)], "filter": filter}
    status, body = client.post("logged-models/search", wanted)
    assert status == 400
    assert body["message"].startswith(opening)


@pytest.mark.parametrize(
    ("change", "opening"),
    [
        ({"experiment_ids": ["0"]}, "Experiment IDs in the page token do not match"),
        ({"order_by": [{"field_name": "name"}]}, "Order by in the page token does not match"),
        ({"filter": "name = 'a'"}, "Filter string in the page token does not match"),
    ],
)
def test_a_page_token_of_logged_models_tells_what_is_another_search(
    mlflow: Make, bob: User, change: dict[str, Any], opening: str
) -> None:
    client = mlflow(bob)
    wanted: dict[str, Any] = {"experiment_ids": [made_experiment(client)], "max_results": 1}
    for _ in range(2):
        client.post("logged-models", {"experiment_id": wanted["experiment_ids"][0]})
    token = client.post("logged-models/search", wanted)[1]["next_page_token"]
    assert len(client.post("logged-models/search", {**wanted, "page_token": token})[1]["models"]) == 1
    status, body = client.post("logged-models/search", {**wanted, "page_token": token, **change})
    assert status == 400
    assert body["message"].startswith(opening)
    assert client.post("logged-models/search", {**wanted, "page_token": token.split(".")[0] + "x"})[0] == 400


def test_logged_models_are_ordered_by_what_was_measured_on_a_digest(mlflow: Make, bob: User) -> None:
    client = mlflow(bob)
    experiment = made_experiment(client)
    run = made_run(client, experiment)
    values = {("a", "d1"): 0.9, ("a", "d2"): 0.1, ("b", "d1"): 0.2, ("b", "d2"): 0.8}
    models = {
        name: client.post("logged-models", {"experiment_id": experiment, "name": name})[1]["model"]["info"][
            "model_id"
        ]
        for name in "ab"
    }
    for (name, digest), value in values.items():
        metric = {"key": "m", "value": value, "timestamp": 1, "dataset_name": "x", "dataset_digest": digest}
        client.post("runs/log-metric", {"run_id": run, "model_id": models[name], **metric})
    for digest, expected in (("d1", ["b", "a"]), ("d2", ["a", "b"])):
        order = [{"field_name": "metrics.m", "dataset_digest": digest}]
        found = client.post("logged-models/search", {"experiment_ids": [experiment], "order_by": order})[1][
            "models"
        ]
        assert [one["info"]["name"] for one in found] == expected
