"""A whole server with its own PostgreSQL and workers, one per test process, and how the stories speak to it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "mlr_flow0000_" + "f" * 43


class Server:
    """A running server and the few ways the story speaks to it."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"

    def call(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], Any]:
        raw = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310  # a loopback address of our own
            self.base + path,
            data=raw,
            method=method,
            headers={
                "Authorization": f"Bearer {TOKEN}",
                "Content-Type": "application/json",
                **(headers or {}),
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  # an address of our own server
                status, head, text = answer.status, dict(answer.headers.items()), answer.read()
        except urllib.error.HTTPError as error:
            status, head, text = error.code, dict(error.headers.items()), error.read()
        return status, {key.lower(): value for key, value in head.items()}, json.loads(text) if text else None

    def ok(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        status, _, answer = self.call(method, path, body, **options)
        assert 200 <= status < 300, (method, path, status, answer)
        return answer

    def job(self, identifier: str) -> dict[str, Any]:
        """The job, once it has ended."""
        for _ in range(2400):
            answer: dict[str, Any] = self.ok("GET", f"/api/v1/jobs/{identifier}")
            if answer["state"] not in ("QUEUED", "RUNNING"):
                return answer
            time.sleep(0.1)
        raise AssertionError(f"job {identifier} did not end: {answer}")

    def train(
        self, problem: dict[str, Any], name: str, table: bytes, estimators: list[str], **options: Any
    ) -> list[dict[str, Any]]:
        """Brings the table, whose fit to the problem holds no error, trains, and gives the leaderboard."""
        dataset = self.ok("POST", "/api/v1/datasets/", {"name": name, "problem": problem["id"]})
        upload = f"/api/v1/datasets/{dataset['id']}/versions/"
        headers = {"X-Filename": f"{name.lower()}.csv", "Content-Type": "application/octet-stream"}
        version = self.ok("POST", upload, table, headers=headers)
        findings = self.ok("GET", f"{upload}{version['number']}/fit?problem={problem['id']}")
        assert "error" not in {finding["severity"] for finding in findings}, findings
        body = {"problem": problem["id"], "dataset": dataset["id"], "estimators": estimators, **options}
        training = self.ok("POST", "/api/v1/trainings/", body)
        job = self.job(training["job"])
        assert job["state"] == "SUCCEEDED", job
        board = self.ok("GET", f"/api/v1/experiments/{training['experiment']}/leaderboard")
        return list(board["results"] if isinstance(board, dict) else board)

    def serve(self, name: str, run: str, problem: dict[str, Any]) -> None:
        """Registers the run and serves it alone."""
        self.ok("POST", f"/api/v1/models/{name}/versions/", {"run": run, "alias": "champion"})
        variants = [{"name": "champion", "model": name, "alias": "champion", "weight": 100}]
        self.ok("POST", "/api/v1/endpoints/", {"name": name, "variants": variants, "problem": problem["id"]})

    def predict(self, name: str, body: dict[str, Any]) -> tuple[int, Any]:
        """The answer; a new endpoint is known to every web process within a second."""
        for _ in range(600):
            status, _, answer = self.call("POST", f"/api/v1/endpoints/{name}/invocations", body)
            if status not in (404, 503):
                break
            time.sleep(0.2)
        return status, answer


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`manage.py up` on an empty home, with a PostgreSQL and workers of its own."""
    home = tmp_path_factory.mktemp("flow")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PORT": str(port),
        "MLREGISTRY_HOME": str(home / "mlregistry"),
        "MLREGISTRY_ADMIN_TOKEN": TOKEN,
        "MLREGISTRY_DEMO": "0",
    }
    with (home / "up.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        _wait_until_healthy(process, port, home / "up.log")
        yield Server(port)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _wait_until_healthy(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(1800):
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())
