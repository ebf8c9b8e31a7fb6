"""Dataset inputs of runs: through the fluent API with real tables, and through MlflowClient."""

from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.entities import DatasetInput, InputTag
from mlflow.tracking import MlflowClient

from tests.mlflow_client.scenarios.conftest import Refused

try:
    from mlflow.entities import Dataset
except ImportError:  # the older client keeps it one level down
    from mlflow.entities.dataset import Dataset

CONTEXT = "mlflow.data.context"


def _input(name: str, digest: str = "1", context: str = "training", **fields: Any) -> DatasetInput:
    filled = {"source_type": "local", "source": '{"uri": "a.csv"}', **fields}
    return DatasetInput(Dataset(name, digest, **filled), [InputTag(CONTEXT, context)])


def test_a_table_is_logged_as_input(name: str, client: MlflowClient) -> None:
    mlflow.set_experiment(name)
    frame = pd.DataFrame({"x": [1.0, 2.0], "y": [0, 1]})
    with mlflow.start_run() as active:
        mlflow.log_input(mlflow.data.from_pandas(frame, name="frame", targets="y"), context="training")
        mlflow.log_input(
            mlflow.data.from_numpy(np.ones((3, 2)), name="array"), context="test", tags={"k": "v"}
        )
    inputs = {item.dataset.name: item for item in client.get_run(active.info.run_id).inputs.dataset_inputs}
    assert set(inputs) == {"frame", "array"}
    assert {tag.key: tag.value for tag in inputs["frame"].tags} == {CONTEXT: "training"}
    assert {tag.key: tag.value for tag in inputs["array"].tags} == {CONTEXT: "test", "k": "v"}
    assert '"num_rows": 2' in inputs["frame"].dataset.profile
    assert "mlflow_colspec" in inputs["frame"].dataset.schema


def test_inputs_come_back_as_they_were_sent(run: str, client: MlflowClient) -> None:
    sent = _input("irises", "abc", schema="{}", profile='{"rows": 150}')
    client.log_inputs(run, [sent, _input("plain")])
    found = {item.dataset.name: item for item in client.get_run(run).inputs.dataset_inputs}
    assert dict(found["irises"].dataset) == dict(sent.dataset)
    assert found["plain"].dataset.schema in (None, "")


def test_the_same_input_twice_is_one_input(run: str, client: MlflowClient) -> None:
    for _ in range(2):
        client.log_inputs(run, [_input("irises"), _input("irises")])
    assert len(client.get_run(run).inputs.dataset_inputs) == 1
    client.log_inputs(run, [_input("irises", digest="2")])
    assert len(client.get_run(run).inputs.dataset_inputs) == 2


def test_runs_of_one_experiment_share_a_dataset(experiment: str, client: MlflowClient) -> None:
    runs = [client.create_run(experiment).info.run_id for _ in range(2)]
    for number, context in zip(runs, ("training", "test")):
        client.log_inputs(number, [_input("irises", context=context)])
    found = client.search_runs([experiment], "dataset.name = 'irises'")
    assert {item.info.run_id for item in found} == set(runs)
    [tested] = client.search_runs([experiment], "dataset.context = 'test' AND dataset.digest = '1'")
    assert tested.info.run_id == runs[1]


@pytest.mark.parametrize(
    "bad",
    [
        {"name": "n" * 501},
        {"name": "n", "digest": "d" * 37},
        {"name": "n", "source": "s" * 65_536},
        {"name": "n", "context": "c" * 501},
    ],
    ids=["name", "digest", "source", "tag"],
)
def test_an_input_that_is_too_long_is_refused(
    bad: dict[str, Any], run: str, client: MlflowClient, refused: Refused
) -> None:
    refused("INVALID_PARAMETER_VALUE", client.log_inputs, run, [_input(**bad)])
    assert client.get_run(run).inputs.dataset_inputs == []


def test_inputs_of_a_run_that_is_not_there(client: MlflowClient, refused: Refused) -> None:
    refused("RESOURCE_DOES_NOT_EXIST", client.log_inputs, "0123456789abcdef" * 2, [_input("irises")])
