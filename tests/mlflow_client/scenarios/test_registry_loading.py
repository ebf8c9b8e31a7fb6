"""From a logged model to a loaded one: `register_model`, and `load_model` by every form of a models:/ URI."""

from pathlib import Path
from typing import Any

import mlflow
import mlflow.pyfunc
import mlflow.sklearn
import numpy as np
import pytest
from mlflow.tracking import MlflowClient
from sklearn.linear_model import LinearRegression

from tests.mlflow_client.scenarios.ground import GENERATION, a_run, fresh, raw, refused

client = MlflowClient()
X = np.arange(6.0).reshape(-1, 1)


@pytest.fixture(scope="module")
def registered() -> dict[str, Any]:
    """A model with two versions, one per slope; version 2 is champion and in production."""
    name = fresh("loading")
    mlflow.set_experiment(fresh("loading"))
    with mlflow.start_run() as run:
        first = _log(slope=2)
        mlflow.register_model(first.model_uri, name)
    with mlflow.start_run():
        _log(slope=5, registered_model_name=name)
    client.set_registered_model_alias(name, "champion", "2")
    client.transition_model_version_stage(name, "2", "Production")
    return {"name": name, "first": first, "run_id": run.info.run_id}


def _log(*, slope: int, **options: Any) -> Any:
    where = {"name": "model"} if GENERATION >= 3 else {"artifact_path": "model"}
    return mlflow.sklearn.log_model(
        LinearRegression().fit(X, slope * X.ravel()),
        **where,
        input_example=X[:2],
        serialization_format="cloudpickle",
        pip_requirements=["scikit-learn"],
        **options,
    )


@pytest.mark.parametrize(
    ("ending", "slope"), [("/1", 2), ("/2", 5), ("@champion", 5), ("/Production", 5), ("/latest", 5)]
)
def test_a_model_is_loaded_by_each_form_of_its_uri(
    registered: dict[str, Any], ending: str, slope: int
) -> None:
    uri = f"models:/{registered['name']}{ending}"
    np.testing.assert_allclose(mlflow.sklearn.load_model(uri).predict(X), slope * X.ravel(), atol=1e-9)


def test_a_model_is_loaded_as_pyfunc_with_its_signature(registered: dict[str, Any]) -> None:
    model = mlflow.pyfunc.load_model(f"models:/{registered['name']}@champion")
    assert model.metadata.signature is not None
    np.testing.assert_allclose(model.predict(X), 5 * X.ravel(), atol=1e-9)


def test_a_model_is_loaded_from_its_run(registered: dict[str, Any]) -> None:
    loaded = mlflow.sklearn.load_model(f"runs:/{registered['run_id']}/model")
    np.testing.assert_allclose(loaded.predict(X), 2 * X.ravel(), atol=1e-9)


@pytest.mark.only_mlflow3
def test_a_logged_model_is_loaded_by_its_id_and_knows_its_versions(registered: dict[str, Any]) -> None:
    model_id = registered["first"].model_id
    np.testing.assert_allclose(
        mlflow.sklearn.load_model(f"models:/{model_id}").predict(X), 2 * X.ravel(), atol=1e-9
    )
    assert registered["name"] in client.get_logged_model(model_id).tags["mlflow.modelVersions"]


def test_a_registered_version_names_its_run(registered: dict[str, Any]) -> None:
    assert client.get_model_version(registered["name"], "1").run_id == registered["run_id"]


@pytest.mark.parametrize("ending", ["/99", "@nobody", "/Staging"])
def test_loading_what_is_not_there_is_refused(registered: dict[str, Any], ending: str) -> None:
    with pytest.raises(mlflow.exceptions.MlflowException):
        mlflow.sklearn.load_model(f"models:/{registered['name']}{ending}")


def test_registering_twice_adds_a_version(registered: dict[str, Any]) -> None:
    name = fresh("twice")
    numbers = [str(mlflow.register_model(registered["first"].model_uri, name).version) for _ in range(2)]
    assert numbers == ["1", "2"]


def test_registering_from_a_run_gives_tags_and_a_loadable_model(registered: dict[str, Any]) -> None:
    version = mlflow.register_model(f"runs:/{registered['run_id']}/model", fresh("run"), tags={"by": "test"})
    assert version.tags == {"by": "test"}
    assert version.run_id == registered["run_id"]
    loaded = mlflow.sklearn.load_model(f"models:/{version.name}/{version.version}")
    np.testing.assert_allclose(loaded.predict(X), 2 * X.ravel(), atol=1e-9)


def test_registering_from_a_missing_run_is_refused() -> None:
    with refused("RESOURCE_DOES_NOT_EXIST"):
        mlflow.register_model(f"runs:/{'0' * 32}/model", fresh("nothing"))


def test_a_copied_version_loads_like_its_origin(registered: dict[str, Any]) -> None:
    target = fresh("copy")
    client.copy_model_version(f"models:/{registered['name']}@champion", target)
    np.testing.assert_allclose(
        mlflow.sklearn.load_model(f"models:/{target}/1").predict(X), 5 * X.ravel(), atol=1e-9
    )


def test_a_file_of_a_version_is_read_by_its_own_route(registered: dict[str, Any], tmp_path: Path) -> None:
    query = {"name": registered["name"], "version": "2", "path": "MLmodel"}
    answer = raw("GET", "/model-versions/get-artifact", query=query)
    assert answer.status == 200, answer.body[:300]
    assert b"python_function" in answer.body
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    for path in ("../MLmodel", "%2e%2e/MLmodel", "/etc/passwd"):
        assert raw("GET", "/model-versions/get-artifact", query={**query, "path": path}).status == 400
    assert raw("GET", "/model-versions/get-artifact", query={**query, "version": "77"}).status == 404
    local = mlflow.artifacts.download_artifacts(f"models:/{registered['name']}/2", dst_path=str(tmp_path))
    assert (Path(local) / "MLmodel").read_bytes() == answer.body


def test_a_deleted_version_no_longer_loads() -> None:
    name, run = fresh("deleted"), a_run()
    client.create_registered_model(name)
    client.create_model_version(name, f"{run.info.artifact_uri}/model", run.info.run_id)
    client.delete_model_version(name, "1")
    with pytest.raises(mlflow.exceptions.MlflowException):
        mlflow.pyfunc.load_model(f"models:/{name}/1")
