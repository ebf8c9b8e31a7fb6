"""Small rules that programs which talk to MLflow rely on: words of refusals, order of checks, spellings of paths."""

from collections.abc import Callable
from typing import Any

import pytest

from experiments.models import LoggedModel
from mlregistry.accounts.models import User

from .conftest import Mlflow

Make = Callable[..., Mlflow]
AJAX = "/ajax-api/2.0/mlflow/"
MODELS = "logged-models"


def made_run(client: Mlflow, name: str = "held") -> str:
    experiment = client.post("experiments/create", {"name": name})[1]["experiment_id"]
    return str(client.post("runs/create", {"experiment_id": experiment})[1]["run"]["info"]["run_id"])


def refused(answer: tuple[int, Any]) -> str:
    status, body = answer
    assert status == 400
    assert body["error_code"] == "INVALID_PARAMETER_VALUE"
    return str(body["message"])


def test_a_wrong_value_is_quoted_as_json(mlflow: Make, bob: User) -> None:
    said = refused(mlflow(bob).post("experiments/create", {"name": "x", "tags": "5"}))
    assert said.startswith("Invalid value \"5\" for parameter 'tags' supplied")
    said = refused(mlflow(bob).post("experiments/create", {"name": {"a": [1, True]}}))
    assert said.startswith('Invalid value {"a":[1,true]} for parameter')


@pytest.mark.parametrize("place", ["/api/2.0/mlflow/artifacts/list", "/get-artifact"])
def test_an_unsafe_path_in_a_run_says_just_that(mlflow: Make, bob: User, place: str) -> None:
    client = mlflow(bob)
    assert refused(client.get(place, run_id=made_run(client), path="../up")) == "Invalid path"


@pytest.mark.parametrize("slashes", ["/", "//"])
def test_an_unsafe_path_is_refused_before_the_version_is_looked_up(
    mlflow: Make, bob: User, slashes: str
) -> None:
    answer = mlflow(bob).get(f"{slashes}model-versions/get-artifact", name="none", version=1, path="../up")
    assert refused(answer) == "Invalid path"


def test_a_path_of_one_dot_means_the_whole_folder(mlflow: Make, bob: User) -> None:
    client = mlflow(bob)
    run = made_run(client)
    client.raw("POST", f"{AJAX}upload-artifact", b"x", query=f"run_uuid={run}&path=a/b.txt")
    place = "/api/2.0/mlflow-artifacts/artifacts"
    for path, name in ((".", "a"), ("./.", "a"), ("a/.", "b.txt"), ("./a", "b.txt")):
        found = client.get("artifacts/list", run_id=run, path=path)[1]["files"]
        assert found[0]["path"].endswith(name)
        assert client.get(place, path=f"0/{run}/artifacts/{path}")[1]["files"][0]["path"] == name


def test_an_upload_to_an_unsafe_path_is_refused_before_its_missing_data(mlflow: Make, bob: User) -> None:
    client = mlflow(bob)
    query = f"run_uuid={made_run(client)}&path=../up"
    status, _, body = client.raw("POST", f"{AJAX}upload-artifact", query=query)
    assert (status, b"Invalid path" in body) == (400, True)


def test_a_bulk_history_says_what_it_needs(mlflow: Make, bob: User) -> None:
    client, place = mlflow(bob), f"{AJAX}metrics/get-history-bulk"
    assert "must specify at least one run_id" in refused(client.get(place, metric_key="loss"))
    assert "must specify a metric_key" in refused(client.get(place, run_id="1"))
    many = [f"id_{number}" for number in range(101)]
    assert "cannot specify more than 100 run_ids" in refused(
        client.get(place, run_id=many, metric_key="loss")
    )


def test_a_history_by_intervals_says_its_limits(mlflow: Make, bob: User) -> None:
    client, place = mlflow(bob), f"{AJAX}metrics/get-history-bulk-interval"
    many = [f"id_{number}" for number in range(101)]
    assert "must specify at most 100 run_ids" in refused(client.get(place, run_ids=many, metric_key="loss"))
    said = refused(client.get(place, run_ids="1", metric_key="loss", max_results=0))
    assert said.startswith("max_results must be between 1 and 2500")


@pytest.mark.parametrize(
    ("points", "most", "steps"),
    [
        (10, 5, [0, 2, 4, 6, 9]),
        (20, 5, [0, 4, 8, 12, 19]),
        (11, 4, [0, 3, 6, 10]),
        (10, 1, [9]),
        (3, 2, [0, 2]),
        (5, 5, [0, 1, 2, 3, 4]),
        (3, 5, [0, 1, 2]),
    ],
)
def test_a_sampled_history_takes_the_first_of_even_buckets_and_the_last_point(
    mlflow: Make, bob: User, points: int, most: int, steps: list[int]
) -> None:
    client = mlflow(bob)
    run = made_run(client)
    metrics = [{"key": "loss", "value": 1, "timestamp": 1, "step": step} for step in range(points)]
    client.post("runs/log-batch", {"run_id": run, "metrics": metrics})
    place = f"{AJAX}metrics/get-history-bulk-interval"
    found = client.get(place, run_ids=run, metric_key="loss", max_results=most)[1]["metrics"]
    assert [point["step"] for point in found] == steps


def test_a_search_of_datasets_says_how_many_experiments_it_takes(mlflow: Make, bob: User) -> None:
    client, place = mlflow(bob), f"{AJAX}experiments/search-datasets"
    assert "must specify at least one experiment_id." in refused(client.post(place, {}))
    many = [str(number) for number in range(21)]
    assert "cannot specify more than 20" in refused(client.post(place, {"experiment_ids": many}))


def test_a_source_with_relative_references_is_refused_in_known_words(mlflow: Make, bob: User) -> None:
    client = mlflow(bob)
    client.post("registered-models/create", {"name": "m"})
    said = refused(client.post("model-versions/create", {"name": "m", "source": "s3a://bucket/a/../../b"}))
    assert "If supplying a source as an http, https," in said


def test_a_logged_model_may_come_from_a_run_that_is_elsewhere(mlflow: Make, bob: User, charlie: User) -> None:
    client, foreign = mlflow(bob), made_run(mlflow(charlie))
    for key in ("123", foreign):
        sent = {"experiment_id": "0", "source_run_id": key}
        info = client.post(MODELS, sent)[1]["model"]["info"]
        assert info["source_run_id"] == key
        found = client.get(f"{MODELS}/{info['model_id']}")[1]["model"]["info"]
        assert found["source_run_id"] == key
        wanted = {"experiment_ids": ["0"], "filter": f"source_run_id = '{key}'"}
        assert len(client.post(f"{MODELS}/search", wanted)[1]["models"]) == 1
    assert not LoggedModel.objects.exclude(source_run=None).exists()


def test_a_logged_model_may_not_come_from_an_endless_key(mlflow: Make, bob: User) -> None:
    refused(mlflow(bob).post(MODELS, {"experiment_id": "0", "source_run_id": "x" * 33}))


def test_a_prompt_whose_text_is_too_long_is_told_so(mlflow: Make, bob: User) -> None:
    tags = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    client = mlflow(bob)
    client.post("registered-models/create", {"name": "p", "tags": tags})
    sent = {"name": "p", "source": "dummy-source"}
    long = [*tags, {"key": "mlflow.prompt.text", "value": "a" * 100_001}]
    said = refused(client.post("model-versions/create", {**sent, "tags": long}))
    assert said == "Prompt text exceeds max length of 100000 characters."
