"""scikit-learn autologging: a run of its own, inside a run, and a grid search with its children."""

import warnings
from collections.abc import Iterator
from typing import Any

import mlflow
import mlflow.sklearn
import pytest
from mlflow.tracking import MlflowClient
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.mlflow_client.scenarios.conftest import GENERATION

TABLE, TARGET = load_iris(return_X_y=True, as_frame=True)


@pytest.fixture(autouse=True)
def _autolog(name: str) -> Iterator[None]:
    mlflow.set_experiment(name)
    mlflow.sklearn.autolog()
    yield
    mlflow.sklearn.autolog(disable=True)


def _last(client: MlflowClient, name: str) -> Any:
    experiment = client.get_experiment_by_name(name)
    return client.search_runs([experiment.experiment_id], order_by=["start_time DESC"])


def test_fitting_makes_a_run_with_params_metrics_and_a_model(name: str, client: MlflowClient) -> None:
    model = LogisticRegression(C=0.5, max_iter=500).fit(TABLE, TARGET)
    model.score(TABLE, TARGET)
    [run] = _last(client, name)
    assert run.info.status == "FINISHED"
    assert run.data.params["C"] == "0.5"
    assert run.data.metrics["training_accuracy_score"] > 0.9
    assert any(key.startswith("LogisticRegression_score") for key in run.data.metrics)
    assert run.data.tags["estimator_name"] == "LogisticRegression"
    assert "estimator.html" in {item.path for item in client.list_artifacts(run.info.run_id)}
    contexts = {tag.value for item in run.inputs.dataset_inputs for tag in item.tags}
    assert "train" in contexts
    again = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    assert list(again.predict(TABLE)) == list(model.predict(TABLE))


def test_fitting_inside_a_run_logs_into_it(name: str, client: MlflowClient) -> None:
    mlflow.sklearn.autolog(log_models=False)
    with mlflow.start_run(run_name="mine") as active:
        make_pipeline(StandardScaler(), LogisticRegression()).fit(TABLE, TARGET)
        mlflow.log_metric("own", 1)
    [run] = _last(client, name)
    assert run.info.run_id == active.info.run_id
    assert run.data.metrics["own"] == 1
    assert run.data.params["logisticregression__C"] == "1.0"
    assert run.data.tags["estimator_name"] == "Pipeline"


def test_a_grid_search_logs_its_candidates_as_children(name: str, client: MlflowClient) -> None:
    mlflow.sklearn.autolog(log_models=False)
    GridSearchCV(LogisticRegression(max_iter=500), {"C": [0.1, 1.0, 10.0]}, cv=2).fit(TABLE, TARGET)
    runs = _last(client, name)
    [parent] = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    children = [run for run in runs if run is not parent]
    assert len(children) == 3
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parent.info.run_id}
    assert {run.data.params["C"] for run in children} == {"0.1", "1.0", "10.0"}
    assert all("mean_test_score" in run.data.metrics for run in children)
    assert parent.data.metrics["best_cv_score"] > 0.8
    assert parent.data.params["best_C"] in {"0.1", "1.0", "10.0"}
    files = {item.path for item in client.list_artifacts(parent.info.run_id)}
    assert "cv_results.csv" in files


def test_autologging_warns_of_nothing_the_server_lacks(name: str, client: MlflowClient) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        LogisticRegression(max_iter=500).fit(TABLE, TARGET)
    said = " ".join(str(item.message) for item in caught)
    assert "Failed to" not in said
    assert "autologging encountered" not in said
    assert len(_last(client, name)) == 1


def test_a_failing_fit_ends_its_run_as_failed(name: str, client: MlflowClient) -> None:
    with pytest.raises(ValueError, match="inconsistent"):
        LogisticRegression().fit(TABLE, TARGET[:10])
    [run] = _last(client, name)
    assert run.info.status == "FAILED"


@pytest.mark.only_mlflow3
def test_the_autologged_model_is_a_logged_model_with_the_runs_metrics(
    name: str, client: MlflowClient
) -> None:
    assert GENERATION >= 3
    LogisticRegression(max_iter=500).fit(TABLE, TARGET)
    [run] = _last(client, name)
    [model] = client.search_logged_models([run.info.experiment_id])
    assert (model.source_run_id, model.status.value) == (run.info.run_id, "READY")
    assert model.params["max_iter"] == "500"
    assert {metric.key for metric in model.metrics} >= {"training_accuracy_score"}
    assert [item.model_id for item in run.outputs.model_outputs] == [model.model_id]
