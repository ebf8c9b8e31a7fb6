"""Files of a run through the client's many ways to log one: text, JSON, figures, images, tables, folders."""

import io
import json
from pathlib import Path

import matplotlib.pyplot as plt
import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.tracking import MlflowClient


def _paths(client: MlflowClient, run: str, path: str | None = None) -> dict[str, tuple[bool, int | None]]:
    return {item.path: (item.is_dir, item.file_size) for item in client.list_artifacts(run, path)}


def test_text_and_json_are_logged_and_read_back(run: str, client: MlflowClient, tmp_path: Path) -> None:
    client.log_text(run, "größe\n", "notes/a.txt")
    client.log_dict(run, {"a": [1, 2]}, "b.json")
    client.log_dict(run, {"a": "b"}, "c.yaml")
    assert _paths(client, run) == {"notes": (True, None), "b.json": (False, 29), "c.yaml": (False, 5)}
    assert _paths(client, run, "notes") == {"notes/a.txt": (False, 8)}
    local = client.download_artifacts(run, "", str(tmp_path))
    assert (Path(local) / "notes" / "a.txt").read_text(encoding="utf-8") == "größe\n"
    assert mlflow.artifacts.load_text(f"runs:/{run}/notes/a.txt") == "größe\n"
    assert mlflow.artifacts.load_dict(f"runs:/{run}/b.json") == {"a": [1, 2]}


def test_figures_and_images_are_logged(run: str, client: MlflowClient) -> None:
    figure, axes = plt.subplots()
    axes.plot([0, 1])
    client.log_figure(run, figure, "plots/line.png")
    plt.close(figure)
    picture = np.zeros((8, 6, 3), dtype=np.uint8)
    client.log_image(run, picture, "picture.png")
    client.log_image(run, picture, key="dogs", step=3)
    assert set(_paths(client, run)) == {"plots", "picture.png", "images"}
    assert mlflow.artifacts.load_image(f"runs:/{run}/picture.png").size == (6, 8)
    names = list(_paths(client, run, "images"))
    assert names
    assert all("dogs" in path and "step" in path for path in names)
    assert client.get_run(run).data.tags.get("mlflow.loggedImages")


def test_a_table_grows_and_is_found_in_every_run(experiment: str, client: MlflowClient) -> None:
    runs = [client.create_run(experiment).info.run_id for _ in range(2)]
    for number, run in enumerate(runs):
        client.log_table(run, {"q": ["one", "two"], "n": [number, number]}, "answers.json")
    client.log_table(runs[0], pd.DataFrame({"q": ["three"], "n": [7]}), "answers.json")
    logged = json.loads(client.get_run(runs[0]).data.tags["mlflow.loggedArtifacts"])
    assert logged == [{"path": "answers.json", "type": "table"}]
    whole = client.load_table(experiment, "answers.json", extra_columns=["run_id"])
    assert len(whole) == 5
    one = client.load_table(experiment, "answers.json", run_ids=[runs[0]])
    assert list(one["q"]) == ["one", "two", "three"]


def test_a_file_and_a_folder_are_logged(run: str, client: MlflowClient, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "deep" / "deeper").mkdir(parents=True)
    (folder / "top.txt").write_text("top")
    (folder / "deep" / "deeper" / "bottom.bin").write_bytes(bytes(range(256)))
    client.log_artifact(run, str(folder / "top.txt"))
    client.log_artifact(run, str(folder / "top.txt"), "elsewhere")
    client.log_artifacts(run, str(folder), "copy")
    assert set(_paths(client, run)) == {"top.txt", "elsewhere", "copy"}
    assert set(_paths(client, run, "copy")) == {"copy/deep", "copy/top.txt"}
    assert _paths(client, run, "copy/deep/deeper") == {"copy/deep/deeper/bottom.bin": (False, 256)}
    target = tmp_path / "target"
    target.mkdir()
    local = mlflow.artifacts.download_artifacts(run_id=run, artifact_path="copy", dst_path=str(target))
    assert (Path(local) / "deep" / "deeper" / "bottom.bin").read_bytes() == bytes(range(256))
    by_uri = mlflow.artifacts.download_artifacts(artifact_uri=f"runs:/{run}/top.txt", dst_path=str(target))
    assert Path(by_uri).read_text() == "top"


def test_a_folder_that_is_a_file_or_not_there_lists_nothing(run: str, client: MlflowClient) -> None:
    assert _paths(client, run) == {}
    client.log_text(run, "a", "a.txt")
    assert _paths(client, run, "absent") == {}
    assert _paths(client, run, "a.txt") == {}


@pytest.mark.only_mlflow3
def test_a_stream_is_logged(run: str, client: MlflowClient) -> None:
    client.log_stream(run, io.BytesIO(b"abc" * 1000), "stream/data.bin")
    assert _paths(client, run, "stream") == {"stream/data.bin": (False, 3000)}


def test_the_fluent_api_logs_into_the_active_run(name: str) -> None:
    mlflow.set_experiment(name)
    with mlflow.start_run() as active:
        mlflow.log_text("hello", "hello.txt")
        uri = mlflow.get_artifact_uri("hello.txt")
    assert uri.endswith(f"/{active.info.run_id}/artifacts/hello.txt")
    assert mlflow.artifacts.load_text(uri) == "hello"
    assert [item.path for item in mlflow.artifacts.list_artifacts(run_id=active.info.run_id)] == ["hello.txt"]


def test_a_file_is_replaced(run: str, client: MlflowClient) -> None:
    client.log_text(run, "first, and longer", "a.txt")
    client.log_text(run, "second", "a.txt")
    assert mlflow.artifacts.load_text(f"runs:/{run}/a.txt") == "second"
    assert _paths(client, run) == {"a.txt": (False, 6)}
