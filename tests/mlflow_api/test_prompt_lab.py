"""The route with which MLflow's page keeps a trial of a prompt."""

from collections.abc import Callable
from typing import Any

import pytest

from experiments.models import Run
from mlregistry.accounts.models import User

from .conftest import Mlflow

Make = Callable[..., Mlflow]
PLACE = "/ajax-api/2.0/mlflow/runs/create-promptlab-run"
TRIAL: dict[str, Any] = {
    "experiment_id": "0",
    "prompt_template": "Say {{what}}",
    "prompt_parameters": [{"key": "what", "value": "hello"}],
    "model_route": "route",
    "model_input": "Say hello",
    "mlflow_version": "3.0.0",
}


def test_a_trial_becomes_a_finished_run_with_a_table(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    more = {
        "run_name": "trial", "user_id": "ann", "start_time": 7, "model_output": "hello",
        "model_parameters": [{"key": "temperature", "value": 0.1}],
        "model_output_parameters": [{"key": "latency", "value": "100"}],
        "tags": [{"key": "mine", "value": "yes"}],
    }  # fmt: skip
    status, body = api.post(PLACE, {**TRIAL, **more})
    assert status == 200
    info = body["run"]["info"]
    assert (info["run_name"], info["user_id"], info["status"], info["start_time"]) == (
        "trial",
        "ann",
        "FINISHED",
        7,
    )
    assert {pair["key"]: pair["value"] for pair in body["run"]["data"]["params"]} == {
        "temperature": "0.1", "model_route": "route", "prompt_template": "Say {{what}}",
    }  # fmt: skip
    tags = {pair["key"]: pair["value"] for pair in body["run"]["data"]["tags"]}
    assert tags["mlflow.loggedArtifacts"] == '[{"path": "eval_results_table.json", "type": "table"}]'
    assert (tags["mlflow.runSourceType"], tags["mine"]) == ("PROMPT_ENGINEERING", "yes")
    table = api.get("/get-artifact", run_id=info["run_id"], path="eval_results_table.json")[1]
    assert table == {
        "columns": ["what", "prompt", "output", "latency"],
        "data": [["hello", "Say hello", "hello", "100"]],
    }


@pytest.mark.parametrize("missing", list(TRIAL))
def test_a_trial_says_what_it_lacks(mlflow: Make, bob: User, missing: str) -> None:
    status, body = mlflow(bob).post(PLACE, {**TRIAL, missing: None})
    assert (status, body["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert body["message"] == f"CreatePromptlabRun request must specify {missing}."


def test_a_trial_without_a_name_gets_one_and_a_start(mlflow: Make, bob: User) -> None:
    info = mlflow(bob).post(PLACE, TRIAL)[1]["run"]["info"]
    assert info["run_name"]
    assert info["start_time"] > 1_700_000_000_000
    assert info["user_id"] == "unknown"


def test_viewers_and_other_teams_keep_no_trials(mlflow: Make, bob: User, vera: User, charlie: User) -> None:
    experiment = mlflow(bob).post("experiments/create", {"name": "e"})[1]["experiment_id"]
    assert mlflow(vera).post(PLACE, TRIAL)[0] == 403
    assert mlflow(charlie).post(PLACE, {**TRIAL, "experiment_id": experiment})[0] == 404
    assert mlflow().post(PLACE, TRIAL)[0] == 401
    assert not Run.objects.exists()
