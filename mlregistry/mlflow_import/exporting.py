"""Writes a team as a file store of MLflow, which its client opens and `mlflow migrate-filestore` moves on.

A folder keeps what a server would give anew: ids of runs and logged models, numbers of versions, times,
what is deleted. Called by the command export_mlflow.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from experiments import access
from experiments.models import Artifact, Experiment, Lifecycle, LoggedModel, Run
from mlregistry.accounts.actor import Actor
from mlregistry.artifacts import store
from mlregistry.errors import Conflict
from mlregistry.lib import tag_names
from mlregistry.lib.millis import to_millis

from .progress import Progress
from .report import Report
from .source import DEFAULT_KEY, LOGGED_STATUSES, RUN_STATUSES

DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
STATUS_NUMBERS = {word: number for number, word in RUN_STATUSES.items()}
LOGGED_NUMBERS = {word: number for number, word in LOGGED_STATUSES.items()}
AT_ONCE = 20_000
LOCAL = 4  # MLflow's number for a run that a script made


@dataclass
class Export:
    """One export on its way; `root` is the folder of the file store."""

    root: Path
    by: Actor
    report: Report
    progress: Progress
    stop: Callable[[], bool]
    old: bool = False  # to be read by MLflow 2, which fails at what it does not know

    def place(self, experiment: Experiment) -> Path:
        """Where an experiment lies: MLflow keeps deleted ones in its trash."""
        deleted = experiment.lifecycle == Lifecycle.DELETED
        return (self.root / ".trash" if deleted else self.root) / key_of(experiment)

    def location(self, experiment: Experiment) -> str:
        return experiment.artifact_location or (self.root / key_of(experiment)).as_uri()


def export_tracking(work: Export, names: Collection[str]) -> None:
    """Experiments with runs and logged models; files go to the folders where MLflow looks for them."""
    found = access.experiments(work.by).order_by("pk")
    chosen = [each for each in found if not names or each.name in names]
    for experiment in chosen:
        work.progress.expect(access.runs(work.by).filter(experiment=experiment).count())
    (work.root / ".trash").mkdir(parents=True, exist_ok=True)
    for experiment in chosen:
        _experiment(work, experiment)
        for run in access.runs(work.by).filter(experiment=experiment).order_by("pk").iterator():
            _run(work, run, experiment)
            if work.stop():
                work.report.stopped = True
                return
        for model in access.logged_models(work.by).filter(experiment=experiment).order_by("pk"):
            _logged_model(work, model, experiment)


def key_of(experiment: Experiment) -> str:
    return DEFAULT_KEY if experiment.is_default else str(experiment.pk)


def write_meta(folder: Path, fields: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "meta.yaml").open("w", encoding="utf-8") as stream:
        yaml.dump(dict(fields), stream, default_flow_style=False, allow_unicode=True, Dumper=DUMPER)


def write_texts(work: Export, noun: str, folder: Path, texts: Iterable[tuple[str, str]]) -> None:
    """A file for each; a key that would be a file and a folder at once is left out."""
    folder.mkdir(parents=True, exist_ok=True)
    for key, text in texts:
        work.report.there[noun] += 1
        if (path := _path(work, noun, folder, key)) is not None:
            path.write_text(text, encoding="utf-8", newline="")
            work.report.here[noun] += 1


def new_root(folder: Path) -> Path:
    """The folder, made when it is not there. Raises Conflict when it holds something."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Conflict(f"{folder} is not empty: an export writes into a folder of its own.")
    return folder.resolve()


def _experiment(work: Export, experiment: Experiment) -> None:
    work.report.there["experiments"] += 1
    folder = work.place(experiment)
    fields = {
        "artifact_location": work.location(experiment),
        "creation_time": to_millis(experiment.created_at),
        "experiment_id": key_of(experiment),
        "last_update_time": to_millis(experiment.updated_at),
        "lifecycle_stage": experiment.lifecycle,
        "name": experiment.name,
    }
    write_meta(folder, fields)
    tags = {**experiment.tags, **({tag_names.NOTE: experiment.description} if experiment.description else {})}
    write_texts(work, "experiment tags", folder / "tags", tags.items())
    work.report.here["experiments"] += 1


def _run(work: Export, run: Run, experiment: Experiment) -> None:
    folder = work.place(experiment) / run.pk.hex
    own = {tag_names.RUN_NAME: "" if run.name_untagged else run.name, tag_names.NOTE: run.note}
    write_texts(work, "params", folder / "params", run.params.values_list("key", "value"))
    write_texts(work, "tags", folder / "tags", run.tags.values_list("key", "value"))
    write_texts(work, "tags", folder / "tags", [pair for pair in own.items() if pair[1]])
    n_points = _points(work, run, folder / "metrics")
    _inputs(work, run, folder)
    _links(work, run, folder)
    _files(work, run.artifacts.select_related("file"), _artifacts(work, experiment, run.pk.hex))
    # Last, so that a run which is not whole is none.
    write_meta(folder, _run_fields(work, run, experiment))
    work.report.there["runs"] += 1
    work.report.here["runs"] += 1
    work.progress.add(n_points)


def _run_fields(work: Export, run: Run, experiment: Experiment) -> dict[str, Any]:
    return {
        "artifact_uri": f"{work.location(experiment)}/{run.pk.hex}/artifacts",
        "end_time": to_millis(run.ended_at) if run.ended_at else None,
        "entry_point_name": "",
        "experiment_id": key_of(experiment),
        "lifecycle_stage": run.lifecycle,
        "run_id": run.pk.hex,
        "run_name": run.name,
        "run_uuid": run.pk.hex,
        "source_name": "",
        "source_type": LOCAL,
        "source_version": "",
        "start_time": to_millis(run.started_at),
        "status": STATUS_NUMBERS[run.status],
        "tags": [],
        "user_id": run.user_name,
        **({"deleted_time": to_millis(run.deleted_at)} if run.deleted_at else {}),
    }


def _points(work: Export, run: Run, folder: Path) -> int:
    """One file for each metric, in the order of time."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = run.metric_points.order_by("key", "timestamp", "step", "value")
    n_points, key, stream = 0, None, None
    try:
        for name, time, value, nan, step in rows.values_list(
            "key", "timestamp", "value", "is_nan", "step"
        ).iterator(AT_ONCE):
            if name != key:
                key, stream = name, _next(work, stream, folder, name)
            n_points += 1
            if stream is not None:
                stream.write(f"{time} {'nan' if nan else repr(value)} {step}\n")
                work.report.here["points"] += 1
    finally:
        if stream is not None:
            stream.close()
    work.report.there["points"] += n_points
    return n_points


def _next(work: Export, former: Any, folder: Path, key: str) -> Any:
    if former is not None:
        former.close()
    work.report.there["latest metrics"] += 1
    path = _path(work, "latest metrics", folder, key)
    work.report.here["latest metrics"] += path is not None
    return path.open("w", encoding="utf-8") if path is not None else None


def _inputs(work: Export, run: Run, folder: Path) -> None:
    for link in run.inputs.select_related("dataset"):
        dataset, name = link.dataset, _digest(link.dataset.name, link.dataset.digest)
        fields = ("name", "digest", "source_type", "source", "schema", "profile")
        write_meta(
            folder.parent / "datasets" / name, {field: getattr(dataset, field) or None for field in fields}
        )
        _link(folder / "inputs" / _digest(name, run.pk.hex), "DATASET", name, "RUN", tags=dict(link.tags))
        work.report.there["dataset inputs"] += 1
        work.report.here["dataset inputs"] += 1


def _links(work: Export, run: Run, folder: Path) -> None:
    for link in run.model_links.select_related("logged_model"):
        name = link.logged_model.model_id
        work.report.there["model links"] += 1
        if work.old:
            work.report.leave_out("model links", "are unknown to MLflow 2", name)
            continue
        if link.role == "input":
            _link(folder / "inputs" / _digest(name, run.pk.hex), "MODEL", name, "RUN", tags={})
        else:
            _link(folder / "outputs" / name, "RUN_OUTPUT", name, "MODEL_OUTPUT", tags={}, step=link.step)
        work.report.here["model links"] += 1


def _link(folder: Path, source: str, name: str, target: str, **more: Any) -> None:
    ends = {"source_type": source, "source_id": name, "destination_type": target, "destination_id": name}
    write_meta(folder, {**ends, **more})


def _logged_model(work: Export, model: LoggedModel, experiment: Experiment) -> None:
    folder = work.place(experiment) / "models" / model.model_id
    write_texts(work, "model params", folder / "params", model.params.items())
    write_texts(work, "model tags", folder / "tags", model.tags.items())
    for point in model.metrics.order_by("key", "timestamp", "step"):
        work.report.there["model metrics"] += 1
        if path := _path(work, "model metrics", folder / "metrics", point.key):
            dataset = f" {point.dataset_name} {point.dataset_digest}" if point.dataset_name else ""
            value = "nan" if point.is_nan else repr(point.value)
            with path.open("a", encoding="utf-8") as stream:
                stream.write(f"{point.timestamp} {value} {point.step} {point.run_id.hex}{dataset}\n")
            work.report.here["model metrics"] += 1
    location = f"{work.location(experiment)}/models/{model.model_id}/artifacts"
    write_meta(folder, {
        "artifact_location": location, "creation_timestamp": to_millis(model.created_at),
        "experiment_id": key_of(experiment), "last_updated_timestamp": to_millis(model.updated_at),
        "lifecycle_stage": model.lifecycle, "model_id": model.model_id, "model_type": model.model_type or None,
        "name": model.name, "source_run_id": model.source_run_id.hex if model.source_run_id else None,
        "status": LOGGED_NUMBERS[model.status], "status_message": model.status_message or None,
    })  # fmt: skip
    place = _artifacts(work, experiment, "models", model.model_id)
    _files(work, model.artifacts.select_related("file"), place)
    work.report.there["logged models"] += 1
    work.report.here["logged models"] += 1


def _artifacts(work: Export, experiment: Experiment, *parts: str) -> Path:
    """Below the experiment, as MLflow would put them; beside the run where clients keep files themselves."""
    return work.place(experiment).joinpath(*parts) / "artifacts"


def _files(work: Export, rows: Iterable[Artifact], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for artifact in rows:
        target = folder / artifact.path
        target.parent.mkdir(parents=True, exist_ok=True)
        with store.open_file(artifact.file) as source, target.open("wb") as stream:
            shutil.copyfileobj(source, stream, 1 << 20)
        for noun, n in (("artifacts", 1), ("artifact bytes", artifact.file.size)):
            work.report.there[noun] += n
        work.report.here.update({"artifacts": 1, "artifact bytes": target.stat().st_size})


def _path(work: Export, noun: str, folder: Path, key: str) -> Path | None:
    path = folder / PurePosixPath(key)
    if path.is_dir() or any(parent.is_file() for parent in path.parents if parent != folder):
        work.report.leave_out(noun, "would be a file and a folder of one name", repr(key))
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _digest(*texts: str) -> str:
    """As MLflow names the folders of datasets and inputs."""
    return hashlib.md5("".join(texts).encode(), usedforsecurity=False).hexdigest()
