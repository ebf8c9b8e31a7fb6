"""Models that unmodified clients log and register: skops is checked at once, a pickle waits for an owner."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import requests  # noqa: TID251  # a client, outside of the server

from tests.mlflow_client.environments import (
    GENERATIONS,
    ServerUnderTest,
    client_environment,
    client_python,
)

END_SECONDS = 240
LOGS = """
import sys, mlflow, mlflow.sklearn, pandas as pd
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression
name, format = sys.argv[1:]
frame = pd.DataFrame({"age": [1.0, 2.0, 3.0, 4.0], "size": [2.0, 1.0, 4.0, 3.0]})
model = LogisticRegression().fit(frame, ["no", "no", "yes", "yes"])
with mlflow.start_run():
    mlflow.sklearn.log_model(
        model, "net", registered_model_name=name, serialization_format=format, input_example=frame.head(2),
        signature=infer_signature(frame, model.predict(frame)), pip_requirements=["scikit-learn"],
    )
"""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_logged_model_is_taken_in(
    generation: str, tracking_server: ServerUnderTest, tmp_path: Path
) -> None:
    if not tracking_server.is_ours:
        pytest.fail("intakes are of this server alone")
    formats = ("skops", "cloudpickle") if generation == "mlflow3" else ("cloudpickle",)
    for format in formats:
        name = f"{generation} {format}"
        _logged(generation, tracking_server, tmp_path, name, format)
        state = _settled(tracking_server, name)
        if format == "cloudpickle":
            assert state["state"] == "quarantined", state
            _intake(tracking_server, name, {"decision": "approve", "reason": "logged by this test"})
            state = _settled(tracking_server, name)
        assert (state["state"], state["findings"]["signature_from"]) == ("accepted", "MLmodel"), state


def _logged(generation: str, server: ServerUnderTest, home: Path, name: str, format: str) -> None:
    done = subprocess.run(
        [str(client_python(generation)), "-c", LOGS, name, format],
        cwd=home,
        env=client_environment(generation, server, home),
        capture_output=True,
        text=True,
        timeout=END_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _intake(server: ServerUnderTest, name: str, decision: dict[str, str] | None = None) -> Any:
    answer = requests.request(
        "POST" if decision else "GET",
        f"{server.uri}/api/v1/models/{name}/versions/1/intake",
        headers={"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"},
        data=json.dumps(decision) if decision else None,
        timeout=60,
    )
    assert answer.status_code < 400, answer.text
    return answer.json()


def _settled(server: ServerUnderTest, name: str) -> Any:
    deadline = time.monotonic() + END_SECONDS
    while (found := _intake(server, name))["state"] == "checking":
        assert time.monotonic() < deadline, found
        time.sleep(0.5)
    return found
