"""Loggers that sit on the client and are none of ours: Optuna, LightGBM, XGBoost, parallel scikit-learn, pyfunc."""

import importlib
import logging
from typing import Any

import mlflow
import mlflow.pyfunc
import mlflow.sklearn
import numpy as np
import pandas as pd
import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from tests.mlflow_client.scenarios.ground import GENERATION, fresh

client = MlflowClient()
X, Y = make_classification(n_samples=120, n_features=5, random_state=0)


@pytest.fixture
def experiment_id() -> str:
    return str(mlflow.set_experiment(fresh("third party")).experiment_id)


def _runs(experiment_id: str) -> list[Run]:
    return list(client.search_runs([experiment_id], order_by=["attributes.start_time ASC"]))


def _artifacts(run: Run) -> set[str]:
    return {entry.path for entry in client.list_artifacts(run.info.run_id)}


@pytest.mark.only_mlflow3
def test_optunas_callback_logs_a_run_per_trial() -> None:
    optuna = importlib.import_module("optuna")
    integration = importlib.import_module("optuna_integration.mlflow")
    study_name = fresh("study")
    study = optuna.create_study(study_name=study_name, sampler=optuna.samplers.RandomSampler(seed=1))
    callback = integration.MLflowCallback(metric_name="loss", mlflow_kwargs={"nested": True})
    study.optimize(lambda trial: (trial.suggest_float("x", -5, 5) - 2) ** 2, n_trials=5, callbacks=[callback])
    experiment = client.get_experiment_by_name(study_name)
    runs = _runs(experiment.experiment_id)
    assert len(runs) == 5
    logged = sorted((float(run.data.params["x"]), run.data.metrics["loss"]) for run in runs)
    assert logged == sorted((trial.params["x"], trial.value) for trial in study.trials)
    assert {run.data.tags["direction"] for run in runs} == {"MINIMIZE"}


@pytest.mark.only_mlflow3
def test_optunas_decorator_lets_an_objective_log_more() -> None:
    optuna = importlib.import_module("optuna")
    callback = importlib.import_module("optuna_integration.mlflow").MLflowCallback(metric_name="value")
    study_name = fresh("study")
    study = optuna.create_study(study_name=study_name)

    @callback.track_in_mlflow()  # type: ignore[untyped-decorator, unused-ignore]  # optuna’s wrapper has no types
    def objective(trial: Any) -> float:
        mlflow.log_param("power", 2)
        mlflow.log_metric("base", trial.suggest_float("x", 0, 1))
        return float(trial.params["x"]) ** 2

    study.optimize(objective, n_trials=2, callbacks=[callback])
    runs = _runs(client.get_experiment_by_name(study_name).experiment_id)
    assert [run.data.params["power"] for run in runs] == ["2", "2"]
    assert all(run.data.metrics["value"] == pytest.approx(run.data.metrics["base"] ** 2) for run in runs)


@pytest.mark.only_mlflow3
def test_lightgbm_autolog_logs_each_round_and_the_model(experiment_id: str) -> None:
    lightgbm, flavor = importlib.import_module("lightgbm"), importlib.import_module("mlflow.lightgbm")
    flavor.autolog()
    try:
        train, held_out = lightgbm.Dataset(X[:80], Y[:80]), lightgbm.Dataset(X[80:], Y[80:])
        given = {"objective": "binary", "metric": "binary_logloss", "verbosity": -1, "num_leaves": 4}
        lightgbm.train(given, train, num_boost_round=6, valid_sets=[held_out], valid_names=["held_out"])
    finally:
        flavor.autolog(disable=True)
    (run,) = _runs(experiment_id)
    assert (run.info.status, run.data.params["num_leaves"]) == ("FINISHED", "4")
    history = client.get_metric_history(run.info.run_id, "held_out-binary_logloss")
    assert [point.step for point in history] == list(range(6))
    assert "feature_importance_split.json" in _artifacts(run)
    loaded = flavor.load_model(f"runs:/{run.info.run_id}/model")
    assert loaded.predict(X[:3]).shape == (3,)


@pytest.mark.only_mlflow3
def test_xgboost_autolog_logs_each_round_and_the_model(experiment_id: str) -> None:
    xgboost, flavor = importlib.import_module("xgboost"), importlib.import_module("mlflow.xgboost")
    flavor.autolog()
    try:
        train, held_out = xgboost.DMatrix(X[:80], Y[:80]), xgboost.DMatrix(X[80:], Y[80:])
        given = {"objective": "binary:logistic", "max_depth": 2}
        xgboost.train(given, train, num_boost_round=5, evals=[(held_out, "held_out")], verbose_eval=False)
    finally:
        flavor.autolog(disable=True)
    (run,) = _runs(experiment_id)
    assert (run.info.status, run.data.params["max_depth"]) == ("FINISHED", "2")
    history = client.get_metric_history(run.info.run_id, "held_out-logloss")
    assert [point.step for point in history] == list(range(5))
    loaded = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    assert len(loaded.predict(pd.DataFrame(X[:3], columns=[f"f{n}" for n in range(5)]))) == 3


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_a_parallel_grid_search_autologs_a_parent_and_its_candidates(
    experiment_id: str, backend: str
) -> None:
    joblib = importlib.import_module("joblib")
    mlflow.sklearn.autolog(max_tuning_runs=None, log_models=False)
    try:
        with joblib.parallel_backend(backend, n_jobs=2):
            GridSearchCV(LogisticRegression(), {"C": [0.01, 0.1, 1.0, 10.0]}, cv=3).fit(X, Y)
    finally:
        mlflow.sklearn.autolog(disable=True)
    runs = _runs(experiment_id)
    parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    children = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == parents[0].info.run_id]
    assert (len(parents), len(children)) == (1, 4)
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert sorted(float(run.data.params["C"]) for run in children) == [0.01, 0.1, 1.0, 10.0]
    assert parents[0].data.params["best_C"] in {run.data.params["C"] for run in children}
    assert all("mean_test_score" in run.data.metrics for run in children)
    assert "cv_results.csv" in _artifacts(parents[0])


class Scaler(mlflow.pyfunc.PythonModel):  # type: ignore[misc, unused-ignore]  # mlflow has no types
    """Multiplies by a factor read from its own artifact, or by one given with the call."""

    def load_context(self, context: Any) -> None:
        with open(context.artifacts["factor"]) as file:
            self.factor = float(file.read())

    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        return np.asarray(model_input) * (params or {}).get("factor", self.factor)


def test_a_model_of_the_users_own_class_is_logged_with_its_artifact(
    experiment_id: str, tmp_path: Any
) -> None:
    (tmp_path / "factor.txt").write_text("3")
    where = {"name": "scaler"} if GENERATION >= 3 else {"artifact_path": "scaler"}
    with mlflow.start_run() as run:
        info = mlflow.pyfunc.log_model(
            **where,
            python_model=Scaler(),
            artifacts={"factor": str(tmp_path / "factor.txt")},
            registered_model_name=fresh("scaler"),
            pip_requirements=["numpy"],
        )
    loaded = mlflow.pyfunc.load_model(info.model_uri)
    np.testing.assert_array_equal(loaded.predict(np.array([1.0, 2.0])), [3.0, 6.0])
    again = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/scaler")
    np.testing.assert_array_equal(again.predict(np.array([1.0])), [3.0])


@pytest.mark.only_mlflow3  # the older client warns that it does not know so new a scikit-learn
def test_autolog_of_a_classic_library_prints_no_warning(
    experiment_id: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("mlflow").propagate = True
    mlflow.sklearn.autolog(log_models=False, log_datasets=False)
    try:
        LogisticRegression().fit(X, Y)
    finally:
        mlflow.sklearn.autolog(disable=True)
    (run,) = _runs(experiment_id)
    assert run.data.metrics["training_score"] > 0.5
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert "WARNING" not in capfd.readouterr().err
