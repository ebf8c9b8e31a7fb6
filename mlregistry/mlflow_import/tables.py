"""The tables of MLflow's backend store, 2.x and 3.x, in SQLite or PostgreSQL; they are only read.

Columns and tables that a version does not have are found missing by looking, and read as nothing.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2

from experiments.actions.importing import ExperimentRecord, LoggedModelRecord, RunRecord
from experiments.actions.inputs import DatasetInput
from experiments.actions.measurements import Metric
from mlregistry.errors import Invalid, Unavailable
from models_app.actions.importing import ModelRecord, VersionRecord

from .folders import at_hand, files_in, folder_of
from .source import (
    DELETED_STAGE,
    LOGGED_STATUSES,
    Owner,
    SourceFile,
    dataset,
    experiment_record,
    model_id,
    model_in,
    named,
    pairs,
    plain,
    run_id,
    when,
    when_or,
)

Row = dict[str, Any]
RUNS_AT_ONCE = 400
DRIVERS = {"postgres": "postgresql", "postgresql": "postgresql"}


class Tables:
    """A database; `rows` yields what there is of the wanted columns.

    PostgreSQL is read in one snapshot. SQLite is not: that would keep the server it belongs to from writing.
    """

    def __init__(self, url: str) -> None:
        scheme = urlsplit(url).scheme.split("+")[0]
        self.mark = "?" if scheme == "sqlite" else "%s"
        try:
            self._line: Any = _sqlite(url) if scheme == "sqlite" else _postgres(url)
        except (sqlite3.Error, psycopg2.Error) as error:
            raise Unavailable(f"The database cannot be opened: {str(error).strip()}") from error
        self._columns: dict[str, set[str]] = {}
        self._n_cursors = 0
        if not self.columns("experiments") or not self.columns("runs"):
            raise Invalid(
                "This database is no backend store of MLflow: it has no tables experiments and runs."
            )

    def rows(self, table: str, wanted: str, where: str = "", values: Sequence[Any] = ()) -> Iterator[Row]:
        """`where` (and what follows it) has ? for each value; a table that is not there has no rows."""
        names = wanted.split()
        known = [name for name in names if name in self.columns(table)]
        if not known:
            return
        blank = dict.fromkeys(names)
        listed = ", ".join(f'"{name}"' for name in known)
        for values_of_row in self._run(f"SELECT {listed} FROM {table} {where}", values):  # noqa: S608  # tables and columns that this package names
            yield {**blank, **dict(zip(known, values_of_row))}

    def count(self, table: str, where: str, values: Sequence[Any]) -> int:
        return int(next(self._run(f"SELECT count(*) FROM {table} {where}", values))[0])  # noqa: S608  # tables and columns that this package names

    def columns(self, table: str) -> set[str]:
        if table not in self._columns:
            query = (
                "SELECT name FROM pragma_table_info(?)"
                if self.mark == "?"
                else "SELECT column_name FROM information_schema.columns"
                " WHERE table_name = ? AND table_schema = ANY (current_schemas(false))"
            )
            self._columns[table] = {str(row[0]) for row in self._run(query, [table])}
        return self._columns[table]

    def close(self) -> None:
        self._line.close()

    def _run(self, query: str, values: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        if self.mark == "?":
            yield from self._line.execute(query, list(values))
            return
        self._n_cursors += 1
        with self._line.cursor(name=f"c{self._n_cursors}") as cursor:
            cursor.itersize = 20_000
            cursor.execute(query.replace("?", "%s"), list(values))
            yield from cursor


class TableSource:
    """The source over such tables."""

    def __init__(self, url: str, *, artifacts_root: Path | None = None, workspace: str = "") -> None:
        parts = urlsplit(url)
        self.title = f"{parts.scheme}://{(parts.hostname or '') + parts.path}"  # and no password
        self.notes: list[str] = []
        self._tables = Tables(url)
        self._root = artifacts_root
        self._workspace = workspace or "default"

    def experiments(self) -> Iterator[ExperimentRecord]:
        wanted = "experiment_id name artifact_location lifecycle_stage creation_time last_update_time"
        for row in list(self._tables.rows("experiments", wanted, *self._here("experiments"))):
            place = "WHERE experiment_id = ?", [row["experiment_id"]]
            tags = {
                tag["key"]: tag["value"] for tag in self._tables.rows("experiment_tags", "key value", *place)
            }
            yield experiment_record(
                row["experiment_id"], row["name"], pairs(tags), row["artifact_location"],
                row["lifecycle_stage"], row["creation_time"], row["last_update_time"],
            )  # fmt: skip

    def n_runs(self, experiment: ExperimentRecord) -> int | None:
        return self._tables.count("runs", "WHERE experiment_id = ?", [int(experiment.key)])

    def runs(self, experiment: ExperimentRecord) -> Iterator[RunRecord]:
        wanted = "run_uuid name user_id status start_time end_time deleted_time lifecycle_stage artifact_uri"
        last = ""
        page: list[Row] = [{}]
        where = f"WHERE experiment_id = ? AND run_uuid > ? ORDER BY run_uuid LIMIT {RUNS_AT_ONCE}"
        while page:
            page = list(self._tables.rows("runs", wanted, where, [int(experiment.key), last]))
            if page:
                last = page[-1]["run_uuid"]
                yield from self._with_data(page)

    def points(self, run: RunRecord) -> Iterator[Metric]:
        wanted = "key value is_nan timestamp step"
        for row in self._tables.rows("metrics", wanted, "WHERE run_uuid = ? ORDER BY key", [run.id.hex]):
            yield Metric(row["key"], _value(row), int(row["step"] or 0), int(row["timestamp"] or 0))

    def logged_models(self, experiment: ExperimentRecord) -> Iterator[LoggedModelRecord]:
        wanted = (
            "model_id name artifact_location creation_timestamp_ms last_updated_timestamp_ms status"
            " lifecycle_stage model_type source_run_id status_message"
        )
        where = "WHERE experiment_id = ?", [int(experiment.key)]
        for row in list(self._tables.rows("logged_models", wanted, *where)):
            key = model_id(row["model_id"])
            if key is None:
                self.notes.append(f"the logged model {row['model_id']} has an id that is none here")
                continue
            yield LoggedModelRecord(
                id=key,
                name=plain(row["name"]),
                created_at=when_or(row["creation_timestamp_ms"]),
                updated_at=when_or(row["last_updated_timestamp_ms"], row["creation_timestamp_ms"]),
                status=LOGGED_STATUSES.get(row["status"], "PENDING"),
                status_message=plain(row["status_message"]),
                model_type=plain(row["model_type"]),
                source_run=run_id(row["source_run_id"]),
                deleted=row["lifecycle_stage"] == "deleted",
                params=self._texts("logged_model_params", "param_key", "param_value", row["model_id"]),
                tags=self._texts("logged_model_tags", "tag_key", "tag_value", row["model_id"]),
                metrics=self._model_metrics(row["model_id"]),
                artifact_uri=plain(row["artifact_location"]),
            )

    def registered_models(self) -> Iterator[ModelRecord]:
        wanted = "name creation_time last_updated_time description"
        for row in list(self._tables.rows("registered_models", wanted, *self._here("registered_models"))):
            named_so, values = self._here("model_versions", "name = ?", row["name"])
            versions = list(self._tables.rows("model_versions", VERSION, named_so, values))
            aliases = self._tables.rows("registered_model_aliases", "alias version", named_so, values)
            tags = self._tables.rows("registered_model_tags", "key value", named_so, values)
            yield ModelRecord(
                name=plain(row["name"]),
                created_at=when_or(row["creation_time"]),
                updated_at=when_or(row["last_updated_time"], row["creation_time"]),
                description=plain(row["description"]),
                tags=pairs({tag["key"]: tag["value"] for tag in tags}),
                last_number=max([version["version"] for version in versions], default=0),
                aliases={alias["alias"]: int(alias["version"]) for alias in aliases},
                versions=[self._version(v) for v in versions if v["current_stage"] != DELETED_STAGE],
            )

    def files(self, owner: Owner) -> Iterator[SourceFile]:
        yield from files_in(folder_of(owner.artifact_uri, artifacts_root=self._root))

    def fetch(self, file: SourceFile) -> AbstractContextManager[Path]:
        return at_hand(file)

    def close(self) -> None:
        self._tables.close()

    def _here(self, table: str, where: str = "", *values: Any) -> tuple[str, list[Any]]:
        """The condition that keeps to the workspace, where the store knows workspaces."""
        tests = [where] if where else []
        given = list(values)
        if "workspace" in self._tables.columns(table):
            tests.append("workspace = ?")
            given.append(self._workspace)
        return (f"WHERE {' AND '.join(tests)}" if tests else ""), given

    def _with_data(self, page: list[Row]) -> Iterator[RunRecord]:
        ids = [row["run_uuid"] for row in page]
        marks = ", ".join("?" * len(ids))
        params = _grouped(
            self._tables.rows("params", "run_uuid key value", f"WHERE run_uuid IN ({marks})", ids)
        )
        tags = _grouped(self._tables.rows("tags", "run_uuid key value", f"WHERE run_uuid IN ({marks})", ids))
        latest = self._tables.rows("latest_metrics", "run_uuid key", f"WHERE run_uuid IN ({marks})", ids)
        keys = _grouped(latest)
        inputs, outputs, datasets = self._links(ids, marks)
        for row in page:
            name, key = row["run_uuid"], run_id(row["run_uuid"])
            if key is None:
                self.notes.append(f"the run {name} has an id that is none here")
                continue
            yield RunRecord(
                id=key,
                started_at=when_or(row["start_time"]),
                status=row["status"] or "FINISHED",
                deleted=row["lifecycle_stage"] == "deleted",
                user_name=plain(row["user_id"]),
                ended_at=when(row["end_time"]),
                deleted_at=when(row["deleted_time"]),
                params=pairs(params[name]),
                tags=named(pairs(tags[name]), row["name"]),
                metric_keys=list(keys[name]),
                datasets=datasets[name],
                inputs=inputs[name],
                outputs=outputs[name],
                artifact_uri=plain(row["artifact_uri"]),
            )

    def _links(self, ids: Sequence[str], marks: str) -> tuple[Any, Any, Any]:
        """By run: logged models it read, those it made, and datasets."""
        wanted = "input_uuid source_type source_id destination_type destination_id step"
        found: dict[str, dict[str, list[tuple[str, int]]]] = {
            "RUN_INPUT": defaultdict(list), "RUN_OUTPUT": defaultdict(list)
        }  # fmt: skip
        where = f"WHERE source_type IN ('RUN_INPUT', 'RUN_OUTPUT') AND source_id IN ({marks})"
        for row in self._tables.rows("inputs", wanted, where, ids):
            found[row["source_type"]][row["source_id"]].append((row["destination_id"], int(row["step"] or 0)))
        datasets: dict[str, list[DatasetInput]] = defaultdict(list)
        where = f"WHERE source_type = 'DATASET' AND destination_type = 'RUN' AND destination_id IN ({marks})"
        for row in list(self._tables.rows("inputs", wanted, where, ids)):
            datasets[row["destination_id"]] += self._dataset(row)
        return found["RUN_INPUT"], found["RUN_OUTPUT"], datasets

    def _dataset(self, link: Row) -> list[DatasetInput]:
        wanted = "name digest dataset_source_type dataset_source dataset_schema dataset_profile"
        given = self._tables.rows("input_tags", "name value", "WHERE input_uuid = ?", [link["input_uuid"]])
        tags = {tag["name"]: tag["value"] for tag in given}
        rows = self._tables.rows("datasets", wanted, "WHERE dataset_uuid = ?", [link["source_id"]])
        return [dataset(row.values(), tags) for row in rows]

    def _texts(self, table: str, key: str, value: str, model: str) -> dict[str, str]:
        rows = self._tables.rows(table, f"{key} {value}", "WHERE model_id = ?", [model])
        return pairs({row[key]: row[value] for row in rows})

    def _model_metrics(self, model: str) -> dict[uuid.UUID, list[Metric]]:
        wanted = "metric_name metric_value metric_step metric_timestamp_ms run_id dataset_name dataset_digest"
        found: dict[uuid.UUID, list[Metric]] = defaultdict(list)
        for row in self._tables.rows("logged_model_metrics", wanted, "WHERE model_id = ?", [model]):
            run, name, value, step, time, *dataset = (
                run_id(row.pop("run_id")), *row.values()
            )  # fmt: skip
            if run is not None:
                where, digest = (plain(text) for text in dataset)
                number = float("nan") if value is None else float(value)
                found[run].append(Metric(name, number, int(step), int(time), model, where, digest))
        return found

    def _version(self, row: Row) -> VersionRecord:
        key = plain(row["version"])
        named_so, values = self._here("model_version_tags", "name = ? AND version = ?", row["name"], int(key))
        tags = self._tables.rows("model_version_tags", "key value", named_so, values)
        return version_record(row, pairs({tag["key"]: tag["value"] for tag in tags}))


VERSION = (
    "name version creation_time last_updated_time description user_id current_stage source storage_location"
    " run_id run_link status status_message"
)


def version_record(row: Mapping[str, Any], tags: Mapping[str, str]) -> VersionRecord:
    """A version by the names that MLflow's tables have for its fields."""
    return VersionRecord(
        number=int(row["version"]),
        created_at=when_or(row["creation_time"]),
        updated_at=when_or(row["last_updated_time"], row["creation_time"]),
        status=row["status"] or "READY",
        status_message=plain(row["status_message"]),
        stage=row["current_stage"] or "None",
        description=plain(row["description"]),
        tags=tags,
        run_key=plain(row["run_id"]),
        run_link=plain(row["run_link"]),
        model_id=row.get("model_id") or model_in(plain(row["source"])),
        source=plain(row["source"]),
        storage_location=plain(row["storage_location"]),
        user_name=plain(row["user_id"]),
    )


def _sqlite(url: str) -> Any:
    path = Path(url.split("://", 1)[1].removeprefix("/").split("?")[0])
    if not path.is_file():
        raise Unavailable(f"There is no file {path}.")
    line = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    line.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return line


def _postgres(url: str) -> Any:
    scheme, rest = url.split("://", 1)
    line = psycopg2.connect(f"{DRIVERS[scheme.split('+')[0]]}://{rest}")
    line.set_session(readonly=True, isolation_level="REPEATABLE READ")
    return line


def _value(row: Row) -> float:
    return float("nan") if row["is_nan"] else float(row["value"])


def _grouped(rows: Iterator[Row]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in rows:
        found[row["run_uuid"]][row["key"]] = row.get("value")
    return found
