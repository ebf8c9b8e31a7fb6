"""What every scenario stands on: which server and client there are, raw HTTP, fresh names, expected refusals.

The scenarios of the registry, of artifacts and of third parties import this, in the client's environment.
"""

import http.client
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import mlflow
import pytest
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

SERVER = os.environ["MLFLOW_TRACKING_URI"].rstrip("/")
TOKEN = os.environ.get("MLFLOW_TRACKING_TOKEN", "")
GENERATION = int(mlflow.__version__.split(".")[0])
RAW_TIMEOUT_SECONDS = 120


@dataclass(frozen=True)
class Answer:
    """One raw HTTP answer, its headers by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def raw(
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    token: str = TOKEN,
) -> Answer:
    """One request as the bytes say it: no client in between normalises the path or retries."""
    host = urlsplit(SERVER)
    connection = http.client.HTTPConnection(host.netloc, timeout=RAW_TIMEOUT_SECONDS)
    target = host.path + path + (f"?{urlencode(query)}" if query else "")
    try:
        connection.request(method, target, body=body or None, headers={**bearer(token), **(headers or {})})
        response = connection.getresponse()
        named = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, named, response.read())
    finally:
        connection.close()


def bearer(token: str = TOKEN) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def fresh(stem: str) -> str:
    return f"{stem}-{uuid.uuid4().hex[:12]}"


def a_run(experiment_id: str | None = None, **tags: str) -> Run:
    client = MlflowClient()
    return client.create_run(experiment_id or client.create_experiment(fresh("scenario")), tags=tags)


def a_model(stem: str = "model", *, versions: int = 0, **options: Any) -> str:
    """A new registered model with so many versions of a bucket's folder; its name."""
    client = MlflowClient()
    name = fresh(stem)
    client.create_registered_model(name, **options)
    for number in range(versions):
        client.create_model_version(name, f"s3://bucket/model/{number + 1}")
    return name


def proxied(artifact_uri: str, path: str = "") -> str:
    """The proxy's path of an artifact under an `mlflow-artifacts:/` root."""
    assert artifact_uri.startswith("mlflow-artifacts:/"), artifact_uri
    root = urlsplit(artifact_uri).path.strip("/")
    return f"/api/2.0/mlflow-artifacts/artifacts/{root}" + (f"/{path}" if path else "")


@contextmanager
def refused(error_code: str) -> Iterator[None]:
    with pytest.raises(MlflowException) as caught:
        yield
    assert caught.value.error_code == error_code, caught.value
