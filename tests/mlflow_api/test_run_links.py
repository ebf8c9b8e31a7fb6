"""Inputs, outputs and recorded models of runs over MLflow's wire."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from experiments.models import InputDataset, RunInput, RunModel
from mlregistry.accounts.models import User

from .conftest import Mlflow

Make = Callable[..., Mlflow]
DATASET = {"name": "d", "digest": "g", "source_type": "local", "source": "s", "schema": "sc", "profile": "p"}


@pytest.fixture
def api(mlflow: Make, bob: User) -> Mlflow:
    return mlflow(bob)


@pytest.fixture
def run_id(api: Mlflow) -> str:
    return new_run(api)


def new_run(api: Mlflow) -> str:
    return str(api.post("runs/create", {"experiment_id": "0", "start_time": 1})[1]["run"]["info"]["run_id"])


def new_model(api: Mlflow) -> str:
    return str(api.post("logged-models", {"experiment_id": "0"})[1]["model"]["info"]["model_id"])


def context(word: str) -> list[dict[str, str]]:
    return [{"key": "mlflow.data.context", "value": word}]


def read(api: Mlflow, run_id: str) -> Any:
    return api.get("runs/get", run_id=run_id)[1]["run"]


def test_inputs_are_linked_once_with_the_context_that_came_first(api: Mlflow, run_id: str) -> None:
    later = {"dataset": {**DATASET, "profile": "later"}, "tags": context("test")}
    body = {"run_id": run_id, "datasets": [{"dataset": DATASET, "tags": context("train")}, later]}
    assert api.post("runs/log-inputs", body) == (200, {})
    assert api.post("runs/log-inputs", body) == (200, {})
    again = {"run_id": run_id, "datasets": [{"dataset": DATASET, "tags": context("other")}]}
    assert api.post("runs/log-inputs", again) == (200, {})
    assert read(api, run_id)["inputs"]["dataset_inputs"] == [{"dataset": DATASET, "tags": context("train")}]


def test_equal_datasets_of_two_runs_are_one_in_their_experiment(api: Mlflow, run_id: str) -> None:
    for run in (run_id, new_run(api)):
        assert api.post("runs/log-inputs", {"run_id": run, "datasets": [{"dataset": DATASET}]})[0] == 200
    other = api.post("experiments/create", {"name": "x"})[1]["experiment_id"]
    elsewhere = api.post("runs/create", {"experiment_id": other, "start_time": 1})[1]["run"]["info"]["run_id"]
    api.post("runs/log-inputs", {"run_id": elsewhere, "datasets": [{"dataset": DATASET}]})
    assert (InputDataset.objects.count(), RunInput.objects.count()) == (2, 3)


def test_datasets_have_limits_of_length_and_number(api: Mlflow, run_id: str) -> None:
    def sent(*datasets: Any) -> tuple[int, Any]:
        return api.post("runs/log-inputs", {"run_id": run_id, "datasets": list(datasets)})

    for name, most in (
        ("name", 500),
        ("digest", 36),
        ("source_type", 36),
        ("source", 65_535),
        ("schema", 1_048_575),
    ):
        assert sent({"dataset": {**DATASET, name: "x" * most}})[0] == 200, name
        status, error = sent({"dataset": {**DATASET, name: "x" * (most + 1)}})
        assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
        assert f"'{name}' exceeds the maximum length of {most} characters" in error["message"]
    assert sent({"dataset": {**DATASET, "profile": "x" * 16_777_216}})[0] == 400
    many = [{"dataset": {**DATASET, "digest": str(n)}} for n in range(1001)]
    assert sent(*many)[0] == 400
    assert sent(*many[:1000])[0] == 200
    wrong: Any
    for wrong in ({}, {"dataset": {}}, {"dataset": {**DATASET, "name": ""}}, {"dataset": {**DATASET, "digest": None}},
                  {"dataset": 5}, 5, {"dataset": DATASET, "tags": [{"key": "", "value": "x"}]},
                  {"dataset": DATASET, "tags": [{"key": "k", "value": "x" * 501}]},
                  {"dataset": DATASET, "tags": [{"key": "k" * 256}]},
                  {"dataset": {**DATASET, "source": "\x00"}}):  # fmt: skip
        assert sent(wrong)[0] == 400, wrong


def test_models_are_linked_as_inputs_and_outputs_with_their_step(api: Mlflow, run_id: str) -> None:
    first, second = new_model(api), new_model(api)
    outputs = {"run_id": run_id, "models": [{"model_id": second, "step": 3}, {"model_id": first}]}
    for _ in range(2):
        assert api.post("runs/outputs", outputs) == (200, {})
        assert api.post("runs/log-inputs", {"run_id": run_id, "models": [{"model_id": first}]}) == (200, {})
    run = read(api, run_id)
    assert run["inputs"]["model_inputs"] == [{"model_id": first}]
    assert run["outputs"]["model_outputs"] == [
        {"model_id": second, "step": 3},
        {"model_id": first, "step": 0},
    ]
    assert api.post("runs/outputs", {"run_id": run_id, "models": []}) == (200, {})
    assert api.post("runs/log-inputs", {"run_id": run_id}) == (200, {})
    assert RunModel.objects.count() == 3


def test_an_unknown_model_is_not_found_and_nothing_is_linked(api: Mlflow, run_id: str) -> None:
    known = {"model_id": new_model(api)}
    for unknown in ("m-" + "0" * 32, "m-q", "x"):
        models = [known, {"model_id": unknown}]
        assert api.post("runs/outputs", {"run_id": run_id, "models": models})[0] == 404
        body = {"run_id": run_id, "datasets": [{"dataset": DATASET}], "models": models}
        assert api.post("runs/log-inputs", body)[0] == 404
    assert (RunModel.objects.count(), InputDataset.objects.count()) == (0, 0)


def test_wrong_outputs_are_refused(api: Mlflow, run_id: str) -> None:
    model_id = new_model(api)
    wrong: Any
    for wrong in ({}, {"models": 5}, {"models": [{}]}, {"models": [{"model_id": model_id, "step": "x"}]},
                  {"models": [{"model_id": model_id, "step": 2**63}]}):  # fmt: skip
        assert api.post("runs/outputs", {"run_id": run_id, **wrong})[0] == 400, wrong
    assert api.post("runs/outputs", {"models": []})[0] == 400


def test_a_deleted_run_takes_neither_inputs_nor_outputs(api: Mlflow, run_id: str) -> None:
    model = {"model_id": new_model(api)}
    api.post("runs/delete", {"run_id": run_id})
    for path, body in (("log-inputs", {"datasets": [{"dataset": DATASET}]}), ("outputs", {"models": [model]}),
                       ("log-model", {"model_json": described("m", run_id)})):  # fmt: skip
        status, error = api.post(f"runs/{path}", {"run_id": run_id, **body})
        assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
        assert "must be in the 'active' state" in error["message"]


def described(path: str, run_id: str, **more: Any) -> str:
    return json.dumps({"artifact_path": path, "flavors": {"python_function": {"a": 1, "config": {"x": 1}}},
                       "utc_time_created": "2024-01-01", "run_id": run_id, **more})  # fmt: skip


def history(api: Mlflow, run_id: str) -> list[dict[str, Any]]:
    tags = {tag["key"]: tag["value"] for tag in read(api, run_id)["data"]["tags"]}
    found: list[dict[str, Any]] = json.loads(tags["mlflow.log-model.history"])
    return found


def test_log_model_adds_to_the_history_tag_of_the_run(api: Mlflow, run_id: str) -> None:
    for path in ("one", "two"):
        body = {"run_id": run_id, "model_json": described(path, run_id, model_uuid="u", signature="left out")}
        assert api.post("runs/log-model", body) == (200, {})
    assert history(api, run_id)[1] == {
        "artifact_path": "two", "run_id": run_id, "utc_time_created": "2024-01-01", "model_uuid": "u",
        "flavors": {"python_function": {"a": 1}},
    }  # fmt: skip
    assert [entry["artifact_path"] for entry in history(api, run_id)] == ["one", "two"]


def test_the_oldest_recorded_models_give_way_when_the_tag_is_full(api: Mlflow, run_id: str) -> None:
    for n in range(40):
        body = {"run_id": run_id, "model_json": described(f"{n}" + "x" * 200, run_id)}
        assert api.post("runs/log-model", body)[0] == 200
    paths = [entry["artifact_path"] for entry in history(api, run_id)]
    assert 5 < len(paths) < 40
    assert paths[-1].startswith("39x")


def test_a_malformed_or_incomplete_model_is_refused(api: Mlflow, run_id: str) -> None:
    for text, said in (("{", "Malformed model info"), ("[]", "Malformed model info"), ("[" * 5000, "Malformed"),
                       ("{}", "is missing mandatory fields")):  # fmt: skip
        status, error = api.post("runs/log-model", {"run_id": run_id, "model_json": text})
        assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
        assert said in error["message"]
    assert api.post("runs/log-model", {"run_id": run_id})[0] == 400
    assert (
        api.post("runs/log-model", {"run_id": run_id, "model_json": described("m", run_id, flavors=5)})[0]
        == 400
    )


def test_runs_and_models_of_another_team_are_not_there_and_viewers_may_not_write(
    mlflow: Make, api: Mlflow, run_id: str, vera: User, charlie: User
) -> None:
    stranger, model = mlflow(charlie), {"model_id": new_model(api)}
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("log-inputs", {"datasets": [{"dataset": DATASET}]}), ("outputs", {"models": [model]}),
        ("log-model", {"model_json": described("m", run_id)}),
    ]  # fmt: skip
    theirs = new_run(stranger)
    assert stranger.post("runs/outputs", {"run_id": theirs, "models": [model]})[0] == 404
    for path, body in bodies:
        for wrong in (run_id, "0" * 32, "x"):
            assert stranger.post(f"runs/{path}", {"run_id": wrong, **body})[0] == 404
        assert mlflow(vera).post(f"runs/{path}", {"run_id": run_id, **body})[0] == 403
        assert mlflow().post(f"runs/{path}", {"run_id": run_id, **body})[0] == 401
