"""MLflow's file store: folders with meta.yaml, one file per param, tag and metric, a trash, and a registry."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from experiments.actions.importing import ExperimentRecord, LoggedModelRecord, RunRecord
from experiments.actions.inputs import DatasetInput
from experiments.actions.measurements import Metric
from mlregistry.errors import Invalid
from models_app.actions.importing import ModelRecord

from .folders import at_hand, files_in, folder_of
from .source import (
    DELETED_STAGE,
    LOGGED_STATUSES,
    RUN_STATUSES,
    Owner,
    SourceFile,
    dataset,
    experiment_record,
    model_id,
    named,
    plain,
    run_id,
    when,
    when_or,
)
from .tables import VERSION, version_record

META, TRASH, REGISTRY = "meta.yaml", ".trash", "models"
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
TIMES = {"creation_time": "creation_timestamp", "last_updated_time": "last_updated_timestamp"}


class FileStore:
    """The source over such a folder."""

    def __init__(self, uri: str, *, artifacts_root: Path | None = None) -> None:
        self._folder = Path(unquote(urlsplit(uri).path) if uri.startswith("file:") else uri).resolve()
        self.title, self.notes = f"file://{self._folder}", list[str]()
        self._root = artifacts_root
        self._places: dict[str, Path] = {}
        self._beside: dict[uuid.UUID, Path] = {}
        if not any(self._experiment_folders()):
            raise Invalid(f"{self._folder} is no file store of MLflow: it holds no folder with a {META}.")

    def experiments(self) -> Iterator[ExperimentRecord]:
        for folder in self._experiment_folders():
            meta = read(folder)
            self._places[str(meta["experiment_id"])] = folder
            yield experiment_record(
                meta["experiment_id"], meta["name"], texts(folder / "tags"), meta.get("artifact_location"),
                "deleted" if folder.parent.name == TRASH else meta.get("lifecycle_stage"),
                meta.get("creation_time"), meta.get("last_update_time"),
            )  # fmt: skip

    def n_runs(self, experiment: ExperimentRecord) -> int | None:
        return sum(1 for _ in self._run_folders(experiment))

    def runs(self, experiment: ExperimentRecord) -> Iterator[RunRecord]:
        for folder in self._run_folders(experiment):
            meta = read(folder)
            name = str(meta.get("run_id") or meta.get("run_uuid") or folder.name)
            key = run_id(name)
            if key is None:
                self.notes.append(f"the run {name} has an id that is none here")
                continue
            self._beside[key] = folder
            tags = texts(folder / "tags")
            status = meta.get("status", "RUNNING")
            inputs, outputs, datasets = self._links(folder)
            yield RunRecord(
                id=key,
                started_at=when_or(meta.get("start_time")),
                status=RUN_STATUSES.get(status, str(status)),
                deleted=meta.get("lifecycle_stage") == "deleted",
                user_name=plain(meta.get("user_id")),
                ended_at=when(meta.get("end_time")),
                deleted_at=when(meta.get("deleted_time")),
                params=texts(folder / "params"),
                tags=named(tags, meta.get("run_name") or meta.get("name")),
                metric_keys=[key for key, _ in entries(folder / "metrics")],
                datasets=datasets,
                inputs=inputs,
                outputs=outputs,
                artifact_uri=plain(meta.get("artifact_uri")),
            )

    def points(self, run: RunRecord) -> Iterator[Metric]:
        """Equal lines are one point, as in a database."""
        for key, path in entries(self._beside[run.id] / "metrics"):
            seen: set[tuple[str, ...]] = set()
            for parts in lines(path):
                point = (parts[0], parts[1], parts[2] if len(parts) > 2 else "0")
                if point not in seen:
                    seen.add(point)
                    yield Metric(key, float(point[1]), int(point[2]), int(point[0]))

    def logged_models(self, experiment: ExperimentRecord) -> Iterator[LoggedModelRecord]:
        for folder in folders(self._places[experiment.key] / "models"):
            meta = read(folder)
            key = model_id(str(meta["model_id"]))
            if key is None:
                self.notes.append(f"the logged model {meta['model_id']} has an id that is none here")
                continue
            self._beside[key] = folder
            yield LoggedModelRecord(
                id=key,
                name=plain(meta["name"]),
                created_at=when_or(meta.get("creation_timestamp")),
                updated_at=when_or(meta.get("last_updated_timestamp"), meta.get("creation_timestamp")),
                status=LOGGED_STATUSES.get(meta.get("status"), "PENDING"),
                status_message=plain(meta.get("status_message")),
                model_type=plain(meta.get("model_type")),
                source_run=run_id(meta.get("source_run_id")),
                deleted=meta.get("lifecycle_stage") == "deleted",
                params=texts(folder / "params"),
                tags=texts(folder / "tags"),
                metrics=_model_metrics(folder / "metrics", str(meta["model_id"])),
                artifact_uri=plain(meta.get("artifact_location")),
            )

    def registered_models(self) -> Iterator[ModelRecord]:
        for folder in folders(self._folder / REGISTRY):
            meta = read(folder)
            found = [(each, read(each)) for each in folders(folder)]
            aliases = texts(folder / "aliases")
            yield ModelRecord(
                name=plain(meta["name"]),
                created_at=when_or(meta.get("creation_timestamp")),
                updated_at=when_or(meta.get("last_updated_timestamp"), meta.get("creation_timestamp")),
                description=plain(meta.get("description")),
                tags=texts(folder / "tags"),
                last_number=max([int(version["version"]) for _, version in found], default=0),
                aliases={name: int(number) for name, number in aliases.items() if number.strip().isdigit()},
                versions=[
                    version_record(_version(version), texts(place / "tags"))
                    for place, version in found
                    if version.get("current_stage") != DELETED_STAGE
                ],
            )

    def files(self, owner: Owner) -> Iterator[SourceFile]:
        beside = self._beside[owner.id] / "artifacts"
        yield from files_in(folder_of(owner.artifact_uri, artifacts_root=self._root, beside=beside))

    def fetch(self, file: SourceFile) -> AbstractContextManager[Path]:
        return at_hand(file)

    def close(self) -> None:
        pass

    def _experiment_folders(self) -> Iterator[Path]:
        yield from (each for each in folders(self._folder) if each.name != REGISTRY)
        yield from folders(self._folder / TRASH)

    def _run_folders(self, experiment: ExperimentRecord) -> Iterator[Path]:
        place = self._places[experiment.key]
        # Folders of datasets, traces and models beside the runs have no meta.yaml of their own.
        yield from (each for each in folders(place) if (each / "params").is_dir() or run_id(each.name))

    def _links(self, folder: Path) -> tuple[list[tuple[str, int]], list[tuple[str, int]], list[DatasetInput]]:
        inputs, datasets = list[tuple[str, int]](), list[DatasetInput]()
        for place in folders(folder / "inputs"):
            link = read(place)
            if link["source_type"] == "MODEL":
                inputs.append((link["source_id"], 0))
            elif (folder.parent / "datasets" / link["source_id"] / META).is_file():
                datasets.append(_dataset(read(folder.parent / "datasets" / link["source_id"]), link["tags"]))
        made = [
            (link["destination_id"], int(link.get("step") or 0))
            for link in map(read, folders(folder / "outputs"))
        ]
        return inputs, made, datasets


def read(folder: Path) -> dict[str, Any]:
    """The folder's meta.yaml. Raises Invalid for one that is broken."""
    try:
        with (folder / META).open(encoding="utf-8") as stream:
            found = yaml.load(stream, Loader=LOADER)  # noqa: S506  # a safe loader, in C where there is one
    except yaml.YAMLError as error:
        raise Invalid(f"{folder / META} is no YAML.") from error
    if not isinstance(found, dict):
        raise Invalid(f"{folder / META} holds no fields.")
    return found


def folders(parent: Path) -> Iterator[Path]:
    """The folders in it that have a meta.yaml, by name."""
    if parent.is_dir():
        yield from sorted(each for each in parent.iterdir() if (each / META).is_file())


def entries(folder: Path) -> Iterator[tuple[str, Path]]:
    """(key, file) of a folder of params, tags or metrics; keys with slashes lie in folders."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path


def texts(folder: Path) -> dict[str, str]:
    return {key: plain(path.read_bytes().decode("utf-8", "replace")) for key, path in entries(folder)}


def lines(path: Path) -> Iterator[list[str]]:
    """The parts of each line of a metric's file, blank ones left out."""
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            if line.strip():
                yield line.split()


def _model_metrics(folder: Path, model: str) -> dict[uuid.UUID, list[Metric]]:
    found: dict[uuid.UUID, dict[Metric, None]] = defaultdict(dict)
    for key, path in entries(folder):
        for time, value, step, run, *where in lines(path):
            name, digest = (where[0], where[1]) if len(where) == 2 else ("", "")
            if owner := run_id(run):
                metric = Metric(key, float(value), int(step), int(time), model, name, digest)
                found[owner][metric] = None
    return {run: list(metrics) for run, metrics in found.items()}


def _dataset(meta: Mapping[str, Any], tags: Mapping[str, Any]) -> DatasetInput:
    names = ("name", "digest", "source_type", "source", "schema", "profile")
    return dataset((meta.get(name) for name in names), tags or {})


def _version(meta: Mapping[str, Any]) -> dict[str, Any]:
    """The fields by the names that the tables have for them."""
    every = {name: meta.get(TIMES.get(name, name)) for name in VERSION.split()}
    return {**every, "model_id": meta.get("model_id")}
