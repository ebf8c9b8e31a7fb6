"""Reads of model tests: what can be tested, the newest run and what it speaks of. Called by doors, gates, the job."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from mlregistry.ml import packaging
from models_app.models import (
    Compilation,
    ModelFile,
    ModelGate,
    ModelTestResult,
    ModelTestRun,
    ModelVersion,
    Verdict,
)
from models_app.prompts import is_prompt


def openable(version: ModelVersion) -> QuerySet[ModelFile]:
    """The files that the tests may open: whole models that a job of ours wrote."""
    rows = version.files.filter(trained_here=True, format__in=packaging.NAMES)
    return rows.select_related("file").order_by("format")


def form_alone(version: ModelVersion) -> Compilation | None:
    """The closed form by which a version from outside is served, once it has passed."""
    if openable(version).exists():
        return None
    return Compilation.objects.select_related("file").filter(version=version, file__isnull=False).first()


def can_test(version: ModelVersion) -> bool:
    if version.signature is None or is_prompt(version.model.tags):
        return False
    return openable(version).exists() or form_alone(version) is not None


def files_digest(version: ModelVersion) -> str:
    """Tells the version's stored models from others."""
    rows = version.files.order_by("format").values_list("format", "file__sha256")
    return digest([list(row) for row in rows])


def compiled_digest(version: ModelVersion) -> str:
    """Of the form that serves; empty for the native model."""
    found = Compilation.objects.filter(version=version).values_list("file__sha256", flat=True).first()
    return found or ""


def digest(values: Iterable[Any]) -> str:
    """Of values that JSON holds."""
    return hashlib.sha256(json.dumps(list(values), sort_keys=True).encode()).hexdigest()


def policy_digest(gate: ModelGate) -> str:
    """Of what changes results: limits and declared expectations. Which checks block does not."""
    return digest([gate.limits, gate.expectations])


def gate_of(version_or_model: Any) -> ModelGate:
    """The model's own policy, or the usual one (unsaved)."""
    model = version_or_model.model if isinstance(version_or_model, ModelVersion) else version_or_model
    return ModelGate.objects.filter(model=model).first() or ModelGate(model=model)


def newest_run(version: ModelVersion) -> ModelTestRun | None:
    return runs_of(version).first()


def runs_of(version: ModelVersion) -> QuerySet[ModelTestRun]:
    rows = ModelTestRun.objects.select_related("job", "champion__model", "version__model")
    return rows.filter(version=version).order_by("-pk")


def stale_reason(run: ModelTestRun) -> str:
    """Why a finished run says nothing of the version as it is now; empty when it does."""
    version = run.version
    if run.files_digest != files_digest(version):
        return "they were run on other files of the model"
    compiled = compiled_digest(version)
    if compiled and compiled != run.compiled_digest:
        return "another compiled form serves since then"
    if run.policy_digest != policy_digest(gate_of(version)):
        return "limits or expectations were changed since then"
    return ""


def run_json(run: ModelTestRun | None, *, results: bool = True) -> dict[str, Any] | None:
    if run is None:
        return None
    found = {
        "id": run.pk,
        "verdict": run.verdict,
        "is_running": run.is_live,
        "job": str(run.job_id) if run.job_id else None,
        "counts": run.counts,
        "champion": str(run.champion) if run.champion else None,
        "notes": run.notes,
        "seconds": run.seconds,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
    }
    if results:
        found["results"] = [result_json(one) for one in run.results.order_by("place")]
    return found


def result_json(one: ModelTestResult) -> dict[str, Any]:
    names = ("name", "title", "group", "about", "severity", "outcome", "figure", "bound", "side", "sentence",
             "evidence", "seconds")  # fmt: skip
    return {name: getattr(one, name) for name in names}


def is_finished(run: ModelTestRun | None) -> bool:
    return run is not None and run.verdict in (Verdict.PASSED, Verdict.FAILED)
