"""Compiled forms of versions: ask for one, keep what the job found. Called by registration, pages and the job."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.artifacts import store
from mlregistry.errors import Conflict
from mlregistry.jobs.queue import enqueue
from mlregistry.ml.signature import kind_of
from models_app.actions.intakes import can_check_again, check_again
from models_app.models import Compilation, Intake, ModelFile, ModelVersion

JOB = "models_app.compile"
TIMEOUT_SECONDS = 1_800
MEMORY_MB = 4_096
COMPILED_KINDS = frozenset({"classification", "regression", "clustering"})


def request_compilation(version: ModelVersion, *, by: Actor) -> Compilation:
    """Starts the job that compiles the version, or returns the one that is under way.

    A version from outside is opened anew in the jail. Conflict for one that waits for an owner, or answers no rows.
    """
    by.require(Role.EDITOR)
    if Intake.objects.filter(version=version).exists():
        job = check_again(version, by=by).job
        return Compilation.objects.update_or_create(version=version, defaults={"job": job})[0]
    if not can_compile(version):
        raise Conflict("Only a model that was trained here on rows can be compiled.", field="version")
    with transaction.atomic():
        found, _ = Compilation.objects.select_for_update(of=("self",)).get_or_create(version=version)
        if found.is_live:
            return found
        found.job = enqueue(
            JOB,
            args={"version_id": version.pk},
            team=by.team,
            title=f"Compile {version}",
            memory_mb=MEMORY_MB,
            timeout_seconds=TIMEOUT_SECONDS,
            by=by,
        )
        found.save(update_fields=["job", "updated_at"])
        record(by, "version.compile", version, job=str(found.job.pk))
    return found


def can_compile(version: ModelVersion) -> bool:
    """Whether the server trained it, so that its files are trusted and its rows are known; or let it in."""
    if (intake := Intake.objects.filter(version=version).first()) is not None:
        return can_check_again(intake)
    if version.run is None or version.run.dataset_version_id is None or version.signature is None:
        return False
    is_ours = version.files.filter(trained_here=True, format__in=("joblib", "skops")).exists()
    return is_ours and kind_of(version.served_signature) in COMPILED_KINDS


def keep_compilation(
    version: ModelVersion, report: dict[str, Any], path: Path | None, *, by: Actor
) -> Compilation:
    """The report and the winner's file (None: the native model serves); serving learns of it."""
    if path is None:
        return _kept(version, report, None, by)
    with store.saving(by.team, path) as stored:
        return _kept(version, report, stored, by)


def _kept(version: ModelVersion, report: dict[str, Any], stored: Any, by: Actor) -> Compilation:
    with transaction.atomic():
        found, _ = Compilation.objects.update_or_create(
            version=version, defaults={"report": report, "file": stored, "n_rescored": 0, "n_mismatches": 0}
        )
        record(by, "version.compiled", version, winner=str(report["winner"]))
        models_changed()
    return found


def keep_onnx(version: ModelVersion, path: Path, *, by: Actor) -> ModelFile:
    """The estimator's ONNX graph that passed the gate, to be downloaded; it takes what the row plan hands it."""
    with store.saving(by.team, path) as stored, transaction.atomic():
        kept, _ = ModelFile.objects.update_or_create(
            version=version, format="onnx", defaults={"file": stored, "trained_here": True}
        )
        record(by, "version.onnx", version, sha256=stored.sha256)
    return kept


def drop_compilation(version: ModelVersion, *, by: Actor) -> None:
    """The native model serves again; the report stays."""
    by.require(Role.EDITOR)
    if not version.files.filter(trained_here=True).exists():
        raise Conflict("A model from outside is served by its closed form alone.", field="version")
    with transaction.atomic():
        if Compilation.objects.filter(version=version).exclude(file=None).update(file=None):
            record(by, "version.serve_native", version)
            models_changed()


def models_changed() -> None:
    """Tells serving, in the transaction that changes what is loaded."""
    for path in settings.MODELS_CHANGED:
        import_string(path)()
