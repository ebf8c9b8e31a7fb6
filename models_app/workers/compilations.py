"""The job models_app.compile: compiles a version, holds the forms to the parity gate, keeps the fastest that passes."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from experiments.queries.datasets import local_paths
from mlregistry.accounts.actor import Actor
from mlregistry.artifacts import store
from mlregistry.errors import Invalid, NotFound
from mlregistry.jobs.context import JobContext
from mlregistry.ml import packaging, table_sample
from mlregistry.ml.compiling import measuring, probes, storing
from mlregistry.ml.compiling.names import COMPILED
from mlregistry.ml.compiling.parity import Native
from mlregistry.ml.signature import Signature
from models_app.actions.compilations import keep_compilation, keep_onnx
from models_app.actions.model_tests import request_tests
from models_app.models import ModelFile, ModelVersion

N_ROWS = 1_000


def compile_version(context: JobContext, *, version_id: int) -> dict[str, Any]:
    """Which form serves from now on. The version's tests follow, whatever came of it: they speak of what serves."""
    version = _version(version_id)
    try:
        return _compiled(context, version)
    finally:
        request_tests(version, by=Actor.system(version.model.team, user=version.created_by))


def _compiled(context: JobContext, version: ModelVersion) -> dict[str, Any]:
    file = _file(version)
    signature = Signature.from_json(version.served_signature)
    context.report(0.0, "Reading rows")
    rows = _rows(version, signature)
    with tempfile.TemporaryDirectory(prefix="compiling-") as name:
        folder = Path(name)
        native = Native(_model(file, folder), signature)
        outcome = measuring.compile_best(
            native, rows, folder, native_size=file.file.size, report=context.report
        )
        path = folder / COMPILED if outcome.form is not None else None
        if path is not None and outcome.form is not None:
            storing.save(outcome.form, path)
        by = Actor.system(version.model.team, user=version.created_by)
        keep_compilation(version, outcome.report, path, by=by)
        if (graph := onnx_of(outcome.report, folder)) is not None:
            keep_onnx(version, graph, by=by)
    winner = outcome.report["winner"]
    context.report(1.0, f"{winner} serves")
    return {"winner": winner, "n_inputs": outcome.report["n_inputs"]}


def onnx_of(report: dict[str, Any], folder: Path) -> Path | None:
    """The graph of the first ONNX form that passed, as a file; None where none did or the extra is not installed."""
    for line in report["candidates"]:
        if line["name"].startswith("onnx") and line["verdict"] == measuring.PASSED:
            head = storing.load(folder / f"{line['name']}.npz").parts[1]
            path = folder / "model.onnx"
            path.write_bytes(head.arrays["graph"].tobytes())
            return path
    return None


def _version(version_id: int) -> ModelVersion:
    rows = ModelVersion.objects.select_related("model__team", "run__dataset_version", "created_by")
    version = rows.filter(pk=version_id).first()
    if version is None:
        raise NotFound(f"There is no version {version_id} any more.")
    if version.run is None or version.run.dataset_version is None:
        raise Invalid("The version's run or data was deleted, so there are no rows to compare on.")
    return version


def _file(version: ModelVersion) -> ModelFile:
    """What the server wrote itself; joblib before skops, for it is read faster."""
    files = version.files.filter(trained_here=True, format__in=("joblib", "skops")).select_related("file")
    found = files.order_by("format").first()
    if found is None:
        raise Invalid("The version has no file that was trained here.")
    return found


def _model(file: ModelFile, folder: Path) -> Any:
    known = packaging.ModelFile(file.format, packaging.NAMES[file.format], file.file.size, file.file.sha256)
    with store.local_path(file.file) as path:
        shutil.copyfile(path, folder / known.name)
    return packaging.load(folder, known)


def _rows(version: ModelVersion, signature: Signature) -> list[probes.Row]:
    """Rows from all over the training data."""
    assert version.run is not None  # noqa: S101  # _version saw to it
    data = version.run.dataset_version
    assert data is not None  # noqa: S101  # only versions with data are compiled
    names = [field.name for field in signature.inputs]
    with local_paths(data) as paths:
        frame = table_sample.sample(paths, names, n_rows=N_ROWS, of=data.n_rows)
    return probes.plain_rows(frame, signature, N_ROWS)
