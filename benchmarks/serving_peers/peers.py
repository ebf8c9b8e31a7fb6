"""mlflow serve, MLServer and BentoML with one serving process each, and a raw echo."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving_peers.cases import Case
from benchmarks.serving_peers.loading import Ask
from benchmarks.serving_peers.processes import Process, free_port, granian
from benchmarks.side_by_side.peers import program

SAVE = """
import sys, joblib, mlflow.sklearn
model = joblib.load(sys.argv[1])
mlflow.sklearn.save_model(model, sys.argv[2], serialization_format="cloudpickle", pip_requirements=[])
"""
BENTO = """
import bentoml, joblib, numpy as np

@bentoml.service(workers=1, traffic={{"timeout": 60}})
class Model:
    def __init__(self) -> None:
        self.model = joblib.load({file!r})

    @bentoml.api
    def predict(self, rows: np.ndarray) -> np.ndarray:
        return self.model.predict(rows)
"""
ECHO = """
def application(environ, start_response):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
"""


@dataclass(frozen=True)
class Peer:
    """How a server is started on a case, and how it is asked for so many of its rows."""

    title: str
    start: Callable[[Case, Path, Path], Process]
    path: str
    body: Callable[[Case, int], bytes]

    def ask(self, case: Case, port: int, n_rows: int) -> Ask:
        return Ask(port, self.path, self.body(case, n_rows))


def _mlflow(case: Case, folder: Path, peers: Path) -> Process:
    """As `mlflow models serve` runs it: uvicorn with one worker."""
    command, model = program("mlflow-serving", peers), folder / "mlflow"
    python = str(Path(command).with_name("python"))
    subprocess.run([python, "-c", SAVE, str(case.file), str(model)], check=True, capture_output=True)
    port = free_port()
    started = [command, "models", "serve", "-m", str(model), "-p", str(port), "--env-manager", "local"]
    return Process([*started, "--workers", "1"], port, "/ping", folder, _environment(command))


def _mlserver(case: Case, folder: Path, peers: Path) -> Process:
    """One process: no pool of workers beside it, which is its faster form for small models."""
    command, home = program("mlserver", peers), folder / "mlserver"
    home.mkdir()
    shutil.copy(case.file, home / "model.joblib")
    port = free_port()
    model = {
        "name": "model",
        "implementation": "mlserver_sklearn.SKLearnModel",
        "parameters": {"uri": "./model.joblib"},
    }
    settings = {"http_port": port, "grpc_port": free_port(), "metrics_port": free_port(), "host": "127.0.0.1",
                "parallel_workers": 0, "debug": False}  # fmt: skip
    (home / "model-settings.json").write_text(json.dumps(model))
    (home / "settings.json").write_text(json.dumps(settings))
    return Process([command, "start", str(home)], port, "/v2/models/model/ready", home, _environment(command))


def _bentoml(case: Case, folder: Path, peers: Path) -> Process:
    command, home = program("bentoml", peers), folder / "bentoml"
    home.mkdir()
    (home / "service.py").write_text(BENTO.format(file=str(case.file)))
    port = free_port()
    started = [
        command,
        "serve",
        "service:Model",
        "--working-dir",
        str(home),
        "--port",
        str(port),
        "--host",
        "127.0.0.1",
    ]
    environment = {
        **_environment(command),
        "BENTOML_HOME": str(home / "home"),
        "BENTOML_DO_NOT_TRACK": "True",
    }
    return Process(started, port, "/readyz", home, environment)


def _echo(case: Case, folder: Path, peers: Path) -> Process:
    """The web server of mlregistry with nothing behind it."""
    home = folder / "echo"
    home.mkdir()
    (home / "echo.py").write_text(ECHO)
    port = free_port()
    command = granian("echo:application", port)
    return Process(command, port, "/", home, {**os.environ, "PYTHONPATH": str(home)})


def _environment(command: str) -> dict[str, str]:
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("MLREGISTRY_", "MLFLOW_"))
    }
    return {**clean, "PATH": f"{Path(command).parent}:{os.environ['PATH']}", "MLFLOW_DISABLE_TELEMETRY": "true",
            "PYTHONWARNINGS": "ignore"}  # fmt: skip


def split_body(case: Case, n_rows: int) -> bytes:
    return json.dumps({"dataframe_split": {"columns": case.columns, "data": case.take(n_rows)}}).encode()


def _tensor_body(case: Case, n_rows: int) -> bytes:
    flat = [value for row in case.take(n_rows) for value in row]
    tensor = {"name": "x", "shape": [n_rows, len(case.columns)], "datatype": "FP64", "data": flat}
    return json.dumps({"inputs": [tensor]}).encode()


def _rows_body(case: Case, n_rows: int) -> bytes:
    return json.dumps({"rows": case.take(n_rows)}).encode()


PEERS: Mapping[str, Peer] = {
    "mlflow": Peer("mlflow serve", _mlflow, "/invocations", split_body),
    "mlserver": Peer("MLServer", _mlserver, "/v2/models/model/infer", _tensor_body),
    "bentoml": Peer("BentoML", _bentoml, "/predict", _rows_body),
    "echo": Peer("raw echo", _echo, "/", split_body),
}
