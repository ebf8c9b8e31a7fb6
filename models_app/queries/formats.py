"""The forms of a version: size, checksum, who may load it, whether this server does. For card, pages and the API."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mlregistry.artifacts.models import StoredFile
from mlregistry.ml.intake.formats import FORMATS
from models_app.models import Compilation, Intake, ModelFile, ModelVersion, VersionState

TRAINED, UPLOADED, CONVERTED, MADE = (
    "trained here",
    "uploaded",
    "made of the upload, in the jail",
    "made here",
)


@dataclass(frozen=True)
class Form:
    """One stored form. `loads` says how this server uses it; empty when it never opens it."""

    format: str
    title: str
    file: StoredFile
    origin: str
    who: str
    runs_code: bool
    loads: str

    def to_json(self) -> dict[str, Any]:
        return {
            "format": self.format, "title": self.title, "size": self.file.size, "sha256": self.file.sha256,
            "origin": self.origin, "who_may_load": self.who, "runs_code": self.runs_code, "loaded_here": self.loads,
        }  # fmt: skip


def forms_of(version: ModelVersion) -> list[Form]:
    """By format, the compiled one last."""
    intake = Intake.objects.filter(version=version).first()
    rows = list(version.files.select_related("file").order_by("format"))
    compilation = (
        Compilation.objects.select_related("file").filter(version=version).exclude(file=None).first()
    )
    found = [_form(row, intake, _native(rows)) for row in rows]
    if compilation is not None and compilation.file is not None:
        known = FORMATS["compiled"]
        found.append(
            Form("compiled", known.title, compilation.file, MADE, known.who, False, "it answers requests")
        )
    return found


def _form(row: ModelFile, intake: Intake | None, native: str | None) -> Form:
    known = FORMATS[row.format]
    # The graph of a model trained here takes what the row plan makes of a row.
    title = f"{known.title} of the estimator" if row.format == "onnx" and row.trained_here else known.title
    loads = "as the native model" if row.format == native else ""
    if intake is not None and intake.format == row.format and (intake.is_approved or not intake.quarantines):
        loads = "in the jail, to check it"
    origin = _origin(row.trained_here, intake, row.format)
    return Form(row.format, title, row.file, origin, known.who, known.runs_code, loads)


def _native(rows: Sequence[ModelFile]) -> str | None:
    """The form that serving loads as the native model: the fastest to read of those that a job wrote."""
    own = {row.format for row in rows if row.trained_here}
    return next((format for format in ("joblib", "arrays", "skops") if format in own), None)


def can_serve(version: ModelVersion) -> bool:
    """Whether an endpoint can take it."""
    if version.state != VersionState.READY or version.signature is None:
        return False
    if version.files.filter(trained_here=True).exists():
        return True
    return Compilation.objects.filter(version=version).exclude(file=None).exists()


def _origin(trained_here: bool, intake: Intake | None, format: str) -> str:
    if trained_here:
        return TRAINED
    return UPLOADED if intake is None or intake.format == format or format != "skops" else CONVERTED
