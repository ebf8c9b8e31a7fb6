"""scikit-learn autologging: a run of its own, inside a run, and a grid search with its children."""

import uuid
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Fitted:
    """A model whose fit and score were autologged, with its experiment and what was warned of meanwhile."""

    model: LogisticRegression
    name: str
    warned: str


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    """One for all that look at a logged model: the client finds its requirements in a process of its own."""
    name = f"autologged {uuid.uuid4().hex[:12]}"
    mlflow.set_experiment(name)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        mlflow.sklearn.autolog()
        model = LogisticRegression(C=0.5, max_iter=500).fit(TABLE, TARGET)
        model.score(TABLE, TARGET)
        mlflow.sklearn.autolog(disable=True)
    return Fitted(model, name, " ".join(str(item.message) for item in caught))


@pytest.fixture
def autolog(name: str) -> Iterator[None]:
    mlflow.set_experiment(name)
    mlflow.sklearn.autolog(log_models=False)
    yield
    mlflow.sklearn.autolog(disable=True)


def _last(client: MlflowClient, name: str) -> Any:
    experiment = client.get_experiment_by_name(name)
    return client.search_runs([experiment.experiment_id], order_by=["start_time DESC"])


def test_fitting_makes_a_run_with_params_metrics_and_a_model(fitted: Fitted, client: MlflowClient) -> None:
    [run] = _last(client, fitted.name)
    assert run.info.status == "FINISHED"
    assert run.data.params["C"] == "0.5"
    assert run.data.metrics["training_accuracy_score"] > 0.9
    assert any(key.startswith("LogisticRegression_score") for key in run.data.metrics)
    assert run.data.tags["estimator_name"] == "LogisticRegression"
    assert "estimator.html" in {item.path for item in client.list_artifacts(run.info.run_id)}
    contexts = {tag.value for item in run.inputs.dataset_inputs for tag in item.tags}
    assert "train" in contexts
    again = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    assert list(again.predict(TABLE)) == list(fitted.model.predict(TABLE))


@pytest.mark.usefixtures("autolog")
def test_fitting_inside_a_run_logs_into_it(name: str, client: MlflowClient) -> None:
    with mlflow.start_run(run_name="mine") as active:
        make_pipeline(StandardScaler(), LogisticRegression()).fit(TABLE, TARGET)
        mlflow.log_metric("own", 1)
    [run] = _last(client, name)
    assert run.info.run_id == active.info.run_id
    assert run.data.metrics["own"] == 1
    assert run.data.params["logisticregression__C"] == "1.0"
    assert run.data.tags["estimator_name"] == "Pipeline"


@pytest.mark.usefixtures("autolog")
def test_a_grid_search_logs_its_candidates_as_children(name: str, client: MlflowClient) -> None:
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


def test_autologging_warns_of_nothing_the_server_lacks(fitted: Fitted, client: MlflowClient) -> None:
    assert "Failed to" not in fitted.warned
    assert "autologging encountered" not in fitted.warned
    assert len(_last(client, fitted.name)) == 1


@pytest.mark.usefixtures("autolog")
def test_a_failing_fit_ends_its_run_as_failed(name: str, client: MlflowClient) -> None:
    with pytest.raises(ValueError, match="inconsistent"):
        LogisticRegression().fit(TABLE, TARGET[:10])
    [run] = _last(client, name)
    assert run.info.status == "FAILED"


@pytest.mark.only_mlflow3
def test_the_autologged_model_is_a_logged_model_with_the_runs_metrics(
    fitted: Fitted, client: MlflowClient
) -> None:
    assert GENERATION >= 3
    [run] = _last(client, fitted.name)
    [model] = client.search_logged_models([run.info.experiment_id])
    assert (model.source_run_id, model.status.value) == (run.info.run_id, "READY")
    assert model.params["max_iter"] == "500"
    assert {metric.key for metric in model.metrics} >= {"training_accuracy_score"}
    assert [item.model_id for item in run.outputs.model_outputs] == [model.model_id]
