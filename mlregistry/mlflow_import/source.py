"""What an MLflow to import from must tell, whatever keeps it, and how its words become ours.

`opening` picks the right one; `moving` asks it; each of tables, file_store and tracking_server is one.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from experiments.actions.importing import ExperimentRecord, LoggedModelRecord, RunRecord
from experiments.actions.inputs import DatasetInput
from experiments.actions.measurements import Metric
from mlregistry.lib import tag_names
from mlregistry.lib.millis import from_millis
from models_app.actions.importing import ModelRecord

Owner = RunRecord | LoggedModelRecord
DEFAULT_KEY = "0"
DELETED_STAGE = "Deleted_Internal"
HERE = ("", "file", "mlflow-artifacts", "http", "https")
LOGGED_STATUSES: Mapping[Any, str] = {1: "PENDING", 2: "READY", 3: "UPLOAD_FAILED"}
RUN_STATUSES: Mapping[Any, str] = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}


class Elsewhere(Exception):
    """Why files of a run or model are not brought over."""


@dataclass(frozen=True)
class SourceFile:
    """A file of a run or logged model: its path there, and where the source finds it."""

    path: str
    size: int
    place: str


class Source(Protocol):
    """Everything is told lazily, so that a store of any size fits. `notes` says what could not be asked."""

    title: str
    notes: list[str]

    def experiments(self) -> Iterator[ExperimentRecord]: ...

    def n_runs(self, experiment: ExperimentRecord) -> int | None: ...

    def runs(self, experiment: ExperimentRecord) -> Iterator[RunRecord]: ...

    def points(self, run: RunRecord) -> Iterator[Metric]: ...

    def logged_models(self, experiment: ExperimentRecord) -> Iterator[LoggedModelRecord]: ...

    def registered_models(self) -> Iterator[ModelRecord]: ...

    def files(self, owner: Owner) -> Iterator[SourceFile]:
        """Raises Elsewhere when they lie at a place from which nothing is brought over."""

    def fetch(self, file: SourceFile) -> AbstractContextManager[Path]:
        """The file's bytes at a path that is there while the context is open."""

    def close(self) -> None: ...


def when(millis: Any) -> datetime.datetime | None:
    """A time in MLflow's milliseconds; None and 0 are no time, as in its stores."""
    return from_millis(int(millis)) if millis else None


def when_or(millis: Any, other: Any = 0) -> datetime.datetime:
    """A time that must be there: the other one, or 1970, when it is not."""
    return when(millis) or when(other) or from_millis(0)


def plain(value: Any) -> str:
    """Text that PostgreSQL can hold."""
    text = "" if value is None else str(value)
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def pairs(found: Mapping[str, Any]) -> dict[str, str]:
    return {plain(key): plain(value) for key, value in found.items()}


def named(tags: Mapping[str, str], name: Any) -> dict[str, str]:
    """The tags of a run with its name among them; a blank note or name is none."""
    every = {tag_names.RUN_NAME: plain(name), **tags} if name else dict(tags)
    return {
        key: value for key, value in every.items() if value or key not in (tag_names.RUN_NAME, tag_names.NOTE)
    }


def run_id(text: Any) -> uuid.UUID | None:
    """The key of a run by its 32 hex digits; None for anything else."""
    try:
        return uuid.UUID(text) if isinstance(text, str) and len(text) == 32 else None
    except ValueError:
        return None


def model_id(text: str) -> uuid.UUID | None:
    """The key of a logged model by m- and 32 hex digits."""
    return run_id(text[2:]) if text.startswith("m-") else None


def kept_location(uri: str | None) -> str:
    """The location when it names a store that clients reach by themselves; blank when files come here."""
    return uri.rstrip("/") if uri and urlsplit(uri).scheme not in HERE else ""


def model_in(source: str) -> str:
    """The logged model that a version's source names, or blank."""
    name = source.removeprefix("models:/").split("/")[0] if source.startswith("models:/m-") else ""
    return name if model_id(name) else ""


def dataset(values: Iterable[Any], tags: Mapping[str, Any]) -> DatasetInput:
    """A dataset that a run read: name, digest, type of source, source, schema, profile."""
    name, digest, source_type, source, schema, profile = map(plain, values)
    return DatasetInput(name, digest, source_type, source, schema, profile, pairs(tags))


def experiment_record(
    key: Any, name: Any, tags: Mapping[str, str], location: Any, stage: Any, created: Any, updated: Any
) -> ExperimentRecord:
    """An experiment as every kind of source has it; the note is its description."""
    return ExperimentRecord(
        key=str(key),
        name=plain(name),
        description=tags.get(tag_names.NOTE, ""),
        tags={tag: value for tag, value in tags.items() if tag != tag_names.NOTE},
        location=kept_location(location),
        deleted=stage == "deleted",
        is_default=str(key) == DEFAULT_KEY,
        created_at=when(created),
        updated_at=when(updated or created),
    )
