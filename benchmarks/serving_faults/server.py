"""The server under test: as `make up` starts it, with two web processes and an embedded PostgreSQL that we can stop."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from benchmarks.serving_faults import models
from benchmarks.serving_faults.load import Load
from benchmarks.serving_peers.processes import Process, clean_environment, free_port
from mlregistry.supervisor.postgres import Postgres

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_SECONDS = 150.0
WEB = "mlregistry.supervisor.web"
LOGGED = """
    SELECT request_id::text, "row" FROM serving_prediction
    WHERE endpoint_id = (SELECT id FROM serving_endpoint WHERE name = %s)
"""
STORED = """
    SELECT stored.key, stored.sha256 FROM artifacts_storedfile stored
    JOIN models_app_modelfile file ON file.file_id = stored.id
    JOIN models_app_modelversion version ON version.id = file.version_id
    JOIN models_app_registeredmodel model ON model.id = version.model_id
    WHERE model.name = %s AND version.number = %s AND file.format = 'joblib'
"""


@dataclass
class Server:
    """`ask` speaks to its API; `load` asks one endpoint for predictions."""

    home: Path
    port: int
    token: str
    postgres: Postgres
    supervisor: int
    connections: int  # of a load
    pause_seconds: float  # of each of them after an answer

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and answer, whatever they are."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        with closing(line):
            content = None if body is None else json.dumps(body).encode()
            line.request(method, path, content, self.headers())
            answer = line.getresponse()
            text = answer.read()
        is_json = "json" in (answer.headers["Content-Type"] or "")
        return answer.status, json.loads(text) if is_json else text.decode(errors="replace")

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}

    def create(self, name: str, *variants: dict[str, Any]) -> None:
        """An endpoint with a durable log that every process serves."""
        self._right(201, *self.ask("POST", "/api/v1/endpoints/", {"name": name, "variants": list(variants)}))
        self._right(200, *self.ask("POST", f"/api/v1/endpoints/{name}/deploy?wait=120"))

    def put(self, name: str, *variants: dict[str, Any]) -> None:
        answer = self.ask("PUT", f"/api/v1/endpoints/{name}/variants", {"variants": list(variants)})
        self._right(200, *answer)

    def deploy(self, name: str, *variants: dict[str, Any]) -> tuple[int, Any]:
        """Answered when every serving process has it, or cannot have it."""
        return self.ask(
            "POST",
            f"/api/v1/endpoints/{name}/deploy?wait=120",
            {"variants": list(variants)} if variants else None,
        )

    def load(self, name: str, rows: int = 1, **options: Any) -> Load:
        path = f"/api/v1/endpoints/{name}/invocations"
        options = {"connections": self.connections, "pause_seconds": self.pause_seconds, **options}
        return Load(self.port, path, models.body(rows), self.headers(), **options)

    def workers(self) -> list[psutil.Process]:
        """The processes that answer predictions and have told so, oldest first."""
        children = psutil.Process(self.supervisor).children()
        web = next(one for one in children if WEB in " ".join(one.cmdline()))
        told = {int(pid) for (pid,) in self.rows("SELECT pid FROM serving_servingworker")}
        found = [one for one in web.children() if one.pid in told]
        return sorted(found, key=lambda one: one.create_time())

    def asked_workers(self) -> dict[int, int]:
        """How many connections each of them has."""
        return {
            one.pid: sum(
                line.status == psutil.CONN_ESTABLISHED and line.laddr.port == self.port
                for line in one.net_connections(kind="tcp")
            )
            for one in self.workers()
        }

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(psycopg2.connect(self.postgres.url())) as line, line.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()

    def logged_ids(self, name: str) -> list[str]:
        """The prediction ids in the log table, as answers name them."""
        return [f"{request.replace('-', '')}-{row}" for request, row in self.rows(LOGGED, name)]

    def files_of(self, model: str, version: int) -> tuple[Path, Path]:
        """The model file in the artifact store, and its copy in the cache."""
        ((key, sha256),) = self.rows(STORED, model, version)
        return self.home / "artifacts" / key, self.home / "cache" / "models" / sha256 / "model.joblib"

    def stop_database(self) -> None:
        """At once, as in a crash; nobody starts it again."""
        assert self.postgres.pid is not None
        os.kill(self.postgres.pid, signal.SIGQUIT)
        while self.postgres.running():
            time.sleep(0.01)

    @staticmethod
    def _right(wanted: int, status: int, answer: Any) -> None:
        if status != wanted:
            raise SystemExit(f"The server answered {status}: {answer}")


@contextmanager
def running(
    *,
    compiled: bool = True,
    slow: bool = True,
    threads: int | None = None,
    connections: int = 8,
    pause_seconds: float = 0.002,
) -> Iterator[Server]:
    """With the versions of `models` registered. Without `compiled` their native pipelines serve, and its worker takes
    no jobs, so that it is there soon."""
    with tempfile.TemporaryDirectory(prefix="mlregistry-faults-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL may run as another account
        postgres, port, token = (
            Postgres(folder / "postgres", folder / "s"),
            free_port(),
            secrets.token_hex(20),
        )
        more = {} if compiled else {"MLREGISTRY_WORKER_CLASSES": "gpu"}
        more |= {} if threads is None else {"MLREGISTRY_WEB_THREADS": str(threads)}
        environment = _environment(folder, postgres, token, port, more)
        postgres.start()
        try:
            server = Process(
                [sys.executable, "-m", "mlregistry.supervisor"], port, "/health", folder, environment
            )
            with server:
                assert server.process is not None
                models.write(folder / "models", slow=slow)
                _register(folder / "models", environment, compiled=compiled)
                yield Server(
                    folder / "home", port, token, postgres, server.process.pid, connections, pause_seconds
                )
        finally:
            postgres.stop()


def _environment(
    folder: Path, postgres: Postgres, token: str, port: int, more: Mapping[str, str]
) -> Mapping[str, str]:
    return clean_environment(
        MLREGISTRY_HOME=str(folder / "home"), MLREGISTRY_DEMO="0", MLREGISTRY_WEB_WORKERS="2",
        MLREGISTRY_ADMIN_TOKEN=token, MLREGISTRY_ADMIN_USERNAME="owner",
        MLREGISTRY_ADMIN_PASSWORD=secrets.token_hex(20), DATABASE_URL=postgres.url(), PORT=str(port),
        PYTHONPATH=str(ROOT), DJANGO_SETTINGS_MODULE="mlregistry.settings", **more,
    )  # fmt: skip


def _register(folder: Path, environment: Mapping[str, str], *, compiled: bool) -> None:
    command = [sys.executable, "-m", "benchmarks.serving_faults.registering", str(folder)]
    command += [] if compiled else ["--native"]
    subprocess.run(command, cwd=ROOT, env=dict(environment), check=True)
