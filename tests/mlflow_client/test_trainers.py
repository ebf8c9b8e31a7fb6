"""A trainer of one's own on a live server: a real archive, the unmodified client, a worker, a jail."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests  # noqa: TID251  # a client, outside of the server

from mlregistry.trainers import environments
from mlregistry.trainers import requirements as pinned
from tests.mlflow_client.environments import ServerUnderTest, client_python, server_under_test
from tests.trainers.zipped import zipped

REQUIREMENTS = "mlflow==3.17.2\n"
SCRIPT = """
import json, os, pathlib
import mlflow
from sklearn.linear_model import LogisticRegression

params = json.loads(os.environ["MLREGISTRY_PARAMS"])
size = os.path.getsize(os.environ["MLREGISTRY_DATASET"])
wanted = os.environ["MLFLOW_RUN_ID"]  # the client takes it out
with mlflow.start_run() as run:
    assert run.info.run_id == wanted
    model = LogisticRegression(C=params["C"]).fit([[0], [1], [2], [3]], [0, 0, 1, 1])
    mlflow.log_params(params)
    for step in range(3):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_metric("accuracy", model.score([[0], [3]], [0, 1]))
    mlflow.set_tag("size", size)
    pathlib.Path("note.txt").write_text("made inside")
    mlflow.log_artifact("note.txt")
try:
    mlflow.create_experiment("not mine")
except mlflow.MlflowException as error:
    print("refused:", error)
"""
END_SECONDS = 300


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerUnderTest]:
    """With trainers switched on, and the client's environment where one for these requirements would be built."""
    home = tmp_path / "server"
    root = home / "mlregistry" / "trainers"
    root.mkdir(mode=0o700, parents=True)
    (home / "mlregistry").chmod(0o700)
    folder = root / pinned.digest(pinned.parse(REQUIREMENTS))
    shutil.copytree(client_python("mlflow3").parent.parent, folder, symlinks=True, copy_function=_linked)
    (folder / environments.READY).touch()
    with server_under_test(home, MLREGISTRY_TRAINERS="1", HOME=str(home)) as found:
        yield found


def _linked(source: str, target: str) -> str:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)
    return target


class Api:
    def __init__(self, server: ServerUnderTest) -> None:
        self.server = server
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {server.token}"

    def __call__(self, method: str, path: str, **more: Any) -> Any:
        answer = self.session.request(method, f"{self.server.uri}/api/v1/{path}", timeout=120, **more)
        assert answer.status_code < 400, answer.text
        return answer.json()


@pytest.mark.timeout(900)
def test_an_archive_trains_with_the_client_and_reaches_its_run_alone(server: ServerUnderTest) -> None:
    if not server.is_ours:
        pytest.fail("trainers are of this server alone")
    api = Api(server)
    dataset = api("POST", "datasets/", json={"name": "Rows"})
    version = api(
        "POST",
        f"datasets/{dataset['id']}/versions/",
        data=b"a,b\n1,2\n3,4\n",
        headers={"X-Filename": "rows.csv"},
    )
    experiment = api("POST", "experiments/", json={"name": "Own"})
    archive = zipped({"main.py": SCRIPT, "requirements.txt": REQUIREMENTS})
    trainer = api("POST", "trainers/?name=Net", files={"file": ("net.zip", archive)})
    wanted = {"experiment": experiment["id"], "dataset_version": version["id"], "params": {"C": 0.5}}
    started = api("POST", f"trainers/{trainer['id']}/runs", json=wanted)
    deadline = time.monotonic() + END_SECONDS
    while api("GET", f"jobs/{started['job']}")["state"] in (
        "QUEUED",
        "RUNNING",
    ):  # after its run, with its log
        assert time.monotonic() < deadline, "the trainer did not end"
        time.sleep(1)
    run = api("GET", f"runs/{started['run']}")
    told = "\n".join(line["text"] for line in api("GET", f"jobs/{started['job']}/log"))
    assert run["status"] == "FINISHED", (run["error"], told)
    assert (run["params"]["C"], run["metrics"]["accuracy"], run["metrics"]["loss"]) == ("0.5", 1.0, 1 / 3)
    assert int(run["tags"]["size"]) > 0
    assert [file["path"] for file in api("GET", f"runs/{started['run']}/artifacts")["results"]] == [
        "note.txt"
    ]
    assert "refused:" in told
    assert f"for the run {started['run'].replace('-', '')} alone" in told
