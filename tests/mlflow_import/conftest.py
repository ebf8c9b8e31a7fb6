"""A backend store of MLflow made by hand, in SQLite, and an import of it without a terminal."""

import io
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Team
from mlregistry.mlflow_import.moving import move
from mlregistry.mlflow_import.opening import open_source
from mlregistry.mlflow_import.progress import Progress
from mlregistry.mlflow_import.report import Report

RUN, CHILD, GONE, LIVE = ("1" * 32, "2" * 32, "3" * 32, "4" * 32)
MODEL = "m-" + "a" * 32
BIG = 1.7976931348623157e308
TABLES = """
CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name TEXT, artifact_location TEXT,
    lifecycle_stage TEXT, creation_time INTEGER, last_update_time INTEGER);
CREATE TABLE experiment_tags (key TEXT, value TEXT, experiment_id INTEGER);
CREATE TABLE runs (run_uuid TEXT PRIMARY KEY, name TEXT, user_id TEXT, status TEXT, start_time INTEGER,
    end_time INTEGER, deleted_time INTEGER, lifecycle_stage TEXT, artifact_uri TEXT, experiment_id INTEGER);
CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);
CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT);
CREATE TABLE metrics (key TEXT, value REAL, timestamp INTEGER, run_uuid TEXT, step INTEGER, is_nan INTEGER);
CREATE TABLE latest_metrics (key TEXT, value REAL, timestamp INTEGER, run_uuid TEXT, step INTEGER, is_nan INTEGER);
CREATE TABLE registered_models (name TEXT, creation_time INTEGER, last_updated_time INTEGER, description TEXT);
CREATE TABLE registered_model_tags (name TEXT, key TEXT, value TEXT);
CREATE TABLE registered_model_aliases (name TEXT, alias TEXT, version INTEGER);
CREATE TABLE model_version_tags (name TEXT, version INTEGER, key TEXT, value TEXT);
CREATE TABLE model_versions (name TEXT, version INTEGER, creation_time INTEGER, last_updated_time INTEGER,
    description TEXT, user_id TEXT, current_stage TEXT, source TEXT, storage_location TEXT, run_id TEXT,
    run_link TEXT, status TEXT, status_message TEXT);
"""
NEWER = """
CREATE TABLE datasets (dataset_uuid TEXT, experiment_id INTEGER, name TEXT, digest TEXT, dataset_source_type TEXT,
    dataset_source TEXT, dataset_schema TEXT, dataset_profile TEXT);
CREATE TABLE inputs (input_uuid TEXT, source_type TEXT, source_id TEXT, destination_type TEXT,
    destination_id TEXT, step INTEGER);
CREATE TABLE input_tags (input_uuid TEXT, name TEXT, value TEXT);
CREATE TABLE logged_models (model_id TEXT, experiment_id INTEGER, name TEXT, artifact_location TEXT,
    creation_timestamp_ms INTEGER, last_updated_timestamp_ms INTEGER, status INTEGER, lifecycle_stage TEXT,
    model_type TEXT, source_run_id TEXT, status_message TEXT);
CREATE TABLE logged_model_params (model_id TEXT, param_key TEXT, param_value TEXT);
CREATE TABLE logged_model_tags (model_id TEXT, tag_key TEXT, tag_value TEXT);
CREATE TABLE logged_model_metrics (model_id TEXT, metric_name TEXT, metric_timestamp_ms INTEGER,
    metric_step INTEGER, metric_value REAL, run_id TEXT, dataset_name TEXT, dataset_digest TEXT);
"""


class Store:
    """`url` names it; `add(table, …)` puts a row in."""

    def __init__(self, folder: Path, *, newer: bool = True) -> None:
        self.folder, self.url = folder, f"sqlite:///{folder}/mlflow.db"
        self.line = sqlite3.connect(folder / "mlflow.db")
        self.line.executescript(TABLES + (NEWER if newer else ""))

    def add(self, table: str, *values: Any) -> None:
        self.line.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)  # noqa: S608  # no text of anybody else's
        self.line.commit()

    def run(self, key: str, *, status: str = "FINISHED", stage: str = "active", experiment: int = 1) -> None:
        end, gone = (5000 if status == "FINISHED" else None), (6000 if stage == "deleted" else None)
        place = f"{self.folder}/art/{experiment}/{key}/artifacts"
        self.add("runs", key, f"run {key[0]}", "jane", status, 1000, end, gone, stage, place, experiment)
        self.add("tags", "mlflow.runName", f"run {key[0]}", key)

    def point(
        self, run: str, key: str, value: float, *, step: int = 0, time: int = 1, nan: bool = False
    ) -> None:
        self.add("metrics", key, value, time, run, step, int(nan))
        known = self.line.execute("SELECT 1 FROM latest_metrics WHERE key = ? AND run_uuid = ?", (key, run))
        if known.fetchone() is None:
            self.add("latest_metrics", key, value, time, run, step, int(nan))

    def file(self, place: str, content: bytes) -> None:
        path = self.folder / "art" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """What a team of MLflow 3 might have: nested, deleted and running runs, NaN, a model with two versions."""
    made = Store(tmp_path)
    made.add("experiments", 0, "Default", "", "active", 10, 10)
    made.add("experiments", 1, "churn", f"{tmp_path}/art/1", "active", 1000, 2000)
    made.add("experiments", 2, "old", "s3://bucket/old", "deleted", 1000, 3000)
    made.add("experiment_tags", "mlflow.note.content", "about churn", 1)
    made.add("experiment_tags", "owner", "growth", 1)
    made.run(RUN)
    made.run(CHILD)
    made.run(LIVE, status="RUNNING")
    made.run(GONE, stage="deleted", experiment=2)
    made.add("tags", "mlflow.parentRunId", CHILD, RUN)
    made.add("tags", "mlflow.note.content", "good", RUN)
    made.add("params", "lr", "0.1", RUN)
    made.add("params", "empty", "", RUN)
    for step, value in enumerate((3.0, 1.0, 2.0)):
        made.point(RUN, "loss", value, step=step, time=100 + step)
    made.point(RUN, "loss", 0.0, step=2, time=102, nan=True)
    made.point(RUN, "huge", BIG)
    made.file(f"1/{RUN}/artifacts/model/MLmodel", b"flavors")
    made.file(f"1/{RUN}/artifacts/notes é.txt", b"hello")
    made.add("datasets", "d1", 1, "frame", "abc", "code", "{}", "[]", None)
    made.add("inputs", "i1", "DATASET", "d1", "RUN", RUN, 0)
    made.add("input_tags", "i1", "mlflow.data.context", "training")
    made.add("inputs", "i2", "RUN_OUTPUT", RUN, "MODEL_OUTPUT", MODEL, 3)
    place = f"{tmp_path}/art/1/models/{MODEL}/artifacts"
    made.add("logged_models", MODEL, 1, "forest", place, 1500, 1600, 2, "active", "sklearn", RUN, None)
    made.add("logged_model_params", MODEL, "depth", "3")
    made.add("logged_model_tags", MODEL, "kind", "tree")
    made.add("logged_model_metrics", MODEL, "acc", 200, 0, 0.9, RUN, "frame", "abc")
    made.file(f"1/models/{MODEL}/artifacts/model.pkl", b"pickled")
    made.add("registered_models", "churner", 2000, 2500, "the model")
    made.add("registered_model_tags", "churner", "a", "b")
    made.add("registered_model_aliases", "churner", "champion", 3)
    source = f"{tmp_path}/art/1/{RUN}/artifacts/model"
    for number, stage in ((1, "Production"), (2, "Deleted_Internal"), (3, "None")):
        made.add(
            "model_versions", "churner", number, 2000 + number, 2100, f"v{number}", "jane", stage, source,
            source, RUN, "", "READY", None,
        )  # fmt: skip
    made.add("model_version_tags", "churner", 3, "checked", "yes")
    return made


@pytest.fixture
def bring(team: Team) -> Callable[..., Report]:
    """Import what a text names into the team (the lab, unless another is given)."""

    def run(text: str, *, into: Team | None = None, **options: Any) -> Report:
        source = open_source(text, artifacts_root=options.pop("artifacts_root", None))
        try:
            return move(source, progress=Progress(io.StringIO()), by=Actor.system(into or team), **options)
        finally:
            source.close()

    return run
