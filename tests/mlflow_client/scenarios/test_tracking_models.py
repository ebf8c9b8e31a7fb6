"""Logging a model with a run and loading it again: scikit-learn, pyfunc, signature, input example, evaluation."""

from typing import Any

import mlflow
import mlflow.pyfunc
import mlflow.sklearn
import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from mlflow.tracking import MlflowClient
from sklearn.linear_model import LinearRegression

from tests.mlflow_client.scenarios.conftest import GENERATION

TABLE = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [0.0, 1.0, 0.0, 1.0]})
TARGET = np.array([3.0, 6.0, 7.0, 10.0])
# Given, so that the client starts no process that loads the model to find them; one test below lets it.
GIVEN = {"pip_requirements": ["scikit-learn"]}


class Doubler(mlflow.pyfunc.PythonModel):  # type: ignore[misc]  # the client carries no types here
    """A model of one's own: twice the first column."""

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> Any:
        return model_input.iloc[:, 0] * 2


def _called(name: str) -> dict[str, Any]:
    """How a client generation names a model that it logs."""
    return {"name": name} if GENERATION >= 3 else {"artifact_path": name}


def test_a_scikit_learn_model_is_logged_and_loaded(name: str) -> None:
    mlflow.set_experiment(name)
    model = LinearRegression().fit(TABLE, TARGET)
    with mlflow.start_run() as active:
        info = mlflow.sklearn.log_model(model, input_example=TABLE, **_called("regressor"))
    assert info.run_id == active.info.run_id
    for uri in (info.model_uri, f"runs:/{active.info.run_id}/regressor"):
        assert np.allclose(mlflow.sklearn.load_model(uri).predict(TABLE), TARGET)
        loaded = mlflow.pyfunc.load_model(uri)
        assert np.allclose(loaded.predict(TABLE), TARGET)
        assert [column.name for column in loaded.metadata.signature.inputs] == ["a", "b"]
    assert mlflow.models.get_model_info(info.model_uri).model_uuid == info.model_uuid


def test_a_model_of_ones_own_is_logged_and_loaded(name: str) -> None:
    mlflow.set_experiment(name)
    signature = infer_signature(TABLE, TABLE["a"])
    with mlflow.start_run():
        info = mlflow.pyfunc.log_model(
            python_model=Doubler(), signature=signature, **_called("doubler"), **GIVEN
        )
    loaded = mlflow.pyfunc.load_model(info.model_uri)
    assert list(loaded.predict(TABLE)) == [2.0, 4.0, 6.0, 8.0]


def test_the_history_of_models_is_on_the_run(name: str, client: MlflowClient) -> None:
    mlflow.set_experiment(name)
    with mlflow.start_run() as active:
        mlflow.sklearn.log_model(LinearRegression().fit(TABLE, TARGET), **_called("regressor"), **GIVEN)
    run = client.get_run(active.info.run_id)
    if GENERATION < 3:
        assert "regressor" in run.data.tags["mlflow.log-model.history"]
        assert "regressor" in {item.path for item in client.list_artifacts(run.info.run_id)}
    else:
        assert len(run.outputs.model_outputs) == 1


def test_a_model_that_is_not_there_is_not_loaded(run: str) -> None:
    with pytest.raises((MlflowException, OSError), match="absent"):
        mlflow.pyfunc.load_model(f"runs:/{run}/absent")


def test_a_model_is_evaluated(name: str, client: MlflowClient) -> None:
    mlflow.set_experiment(name)
    table = TABLE.assign(target=TARGET)
    with mlflow.start_run() as active:
        info = mlflow.sklearn.log_model(
            LinearRegression().fit(TABLE, TARGET), **_called("regressor"), **GIVEN
        )
        evaluate = mlflow.models.evaluate if GENERATION >= 3 else mlflow.evaluate
        result = evaluate(
            info.model_uri,
            table,
            targets="target",
            model_type="regressor",
            evaluator_config={"log_model_explainability": False},
        )
    assert result.metrics["mean_absolute_error"] < 1e-9
    assert "mean_absolute_error" in client.get_run(active.info.run_id).data.metrics
