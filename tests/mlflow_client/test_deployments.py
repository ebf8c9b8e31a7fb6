"""`mlflow.deployments` of the unmodified client, and what MLflow's scoring server answers, against an endpoint."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mlregistry.accounts.actions import tokens
from mlregistry.accounts.actor import Actor
from serving import live_routing
from serving.models import Endpoint
from tests.mlflow_client.environments import client_python
from tests.serving.conftest import ROW, _own_routing, by, endpoint, versions

__all__ = ["_own_routing", "by", "endpoint", "versions"]
ASK = """
import json, sys
import requests
from mlflow.deployments import get_deploy_client

server, token, row = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
client = get_deploy_client(server)
columns, headers = list(row), {"Authorization": f"Bearer {token}"}
told = {
    "records": client.predict(endpoint="tumour", inputs={"dataframe_records": [row], "unit_id": "u"}),
    "split": client.predict(
        endpoint="tumour",
        inputs={"dataframe_split": {"columns": columns, "data": [list(row.values())]}, "unit_id": "u"},
    ),
    "ping": requests.get(f"{server}/endpoints/tumour/ping", headers=headers, timeout=30).status_code,
    "csv": requests.post(
        f"{server}/api/v1/endpoints/tumour/invocations",
        data=",".join(columns) + "\\n" + ",".join(map(str, row.values())),
        headers={**headers, "Content-Type": "text/csv", "X-Unit-Id": "u"},
        timeout=30,
    ).json(),
}
print(json.dumps(told))
"""


@pytest.mark.timeout(240)
@pytest.mark.django_db(transaction=True)
def test_the_real_clients_deployments_predict(
    endpoint: Endpoint, by: Actor, live_server: Any, tmp_path: Path
) -> None:
    secret = tokens.create_token("predicts", scopes=frozenset({"predict"}), by=by)[1]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "MLFLOW_TRACKING_TOKEN": str(secret),
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    command = [str(client_python("mlflow3")), "-c", ASK, live_server.url, str(secret), json.dumps(ROW)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=200)
    live_routing.reset()
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["ping"] == 200
    answers = [told[name]["probabilities"] for name in ("records", "split", "csv")]
    assert answers[0] == answers[1] == answers[2]
