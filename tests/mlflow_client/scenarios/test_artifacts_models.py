"""Files of MLflow 3 logged models: logged, listed, downloaded, and read through the page's own door."""

import json
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from tests.mlflow_client.scenarios.ground import a_run, proxied, raw

pytestmark = pytest.mark.only_mlflow3
client = MlflowClient()


@pytest.fixture
def model(tmp_path: Path) -> Any:
    run = a_run()
    model = client.create_logged_model(run.info.experiment_id, source_run_id=run.info.run_id)
    (tmp_path / "tree" / "code").mkdir(parents=True)
    (tmp_path / "tree" / "code" / "net.py").write_text("pass")
    (tmp_path / "weights.bin").write_bytes(b"\0\1\2")
    client.log_model_artifact(model.model_id, str(tmp_path / "weights.bin"))
    client.log_model_artifacts(model.model_id, str(tmp_path / "tree"))
    return model


def test_files_of_a_logged_model_are_listed(model: Any) -> None:
    listed = {entry.path: entry.is_dir for entry in client.list_logged_model_artifacts(model.model_id)}
    assert listed == {"code": True, "weights.bin": False}
    (below,) = client.list_logged_model_artifacts(model.model_id, "code")
    assert (below.path, below.file_size) == ("code/net.py", 4)


def test_files_of_a_logged_model_come_down(model: Any, tmp_path: Path) -> None:
    for uri in (f"models:/{model.model_id}", model.artifact_location):
        local = Path(mlflow.artifacts.download_artifacts(uri, dst_path=str(tmp_path / uri.replace("/", "_"))))
        assert (local / "weights.bin").read_bytes() == b"\0\1\2"
        assert (local / "code" / "net.py").read_text() == "pass"


def test_the_models_root_lies_below_its_experiment(model: Any) -> None:
    ending = f"{model.experiment_id}/models/{model.model_id}/artifacts"
    assert model.artifact_location.endswith(ending)
    answer = raw("GET", proxied(model.artifact_location, "weights.bin"))
    assert (answer.status, answer.body) == (200, b"\0\1\2")


def test_the_page_lists_and_reads_files_of_a_logged_model(model: Any) -> None:
    route = f"/ajax-api/2.0/mlflow/logged-models/{model.model_id}/artifacts"
    told = json.loads(raw("GET", f"{route}/directories").body)
    assert {entry["path"] for entry in told["files"]} == {"code", "weights.bin"}
    answer = raw("GET", f"{route}/files", query={"artifact_file_path": "weights.bin"})
    assert (answer.status, answer.body) == (200, b"\0\1\2")
    assert raw("GET", f"{route}/files", query={"artifact_file_path": "../weights.bin"}).status == 400


def test_artifacts_of_a_missing_logged_model_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("x")
    with pytest.raises(MlflowException):
        client.log_model_artifact("m-" + "0" * 32, str(tmp_path / "file.txt"))
