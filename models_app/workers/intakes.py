"""The job models_app.take_in: opens an uploaded model in the jail, holds what came out against our own checks."""

import hashlib
import time
from pathlib import Path
from typing import Any

import msgspec

from mlregistry.accounts.actor import Actor
from mlregistry.errors import Invalid, MlregistryError, NotFound
from mlregistry.jobs.context import JobCancelled, JobContext
from mlregistry.ml.compiling import storing
from mlregistry.ml.compiling.forms import Form, Refused
from mlregistry.ml.compiling.scoring import CompiledModel
from mlregistry.ml.intake import findings as told
from mlregistry.ml.intake import signatures
from mlregistry.ml.intake.findings import Findings
from mlregistry.ml.signature import Signature
from models_app.actions.intake_ends import accept, refuse
from models_app.models import Intake, IntakeState
from models_app.workers.opening import Opened, opened

MOST_SECONDS = 2.0  # that a form may take for its example


def take_in(context: JobContext, *, version_id: int) -> dict[str, Any]:
    """Whether the version was accepted, and why not."""
    intake = _intake(version_id)
    if intake.state != IntakeState.CHECKING:
        return {"skipped": f"It is {intake.get_state_display()}."}
    by = Actor.system(intake.version.model.team, user=intake.version.created_by)
    context.report(0.1, "Opening it in the jail")
    try:
        with opened(intake, stopped=context.cancelled) as found:
            if context.cancelled():
                raise JobCancelled
            context.report(0.9, "Keeping what was found")
            done = _settle(intake, found, by)
    except MlregistryError as error:
        done = refuse(intake, error.message, None, by=by)
    context.report(1.0, done.get_state_display())
    return {"state": done.state, "problem": done.problem}


def _intake(version_id: int) -> Intake:
    rows = Intake.objects.select_related(
        "version__model__team", "version__created_by", "file", "mlmodel", "example"
    )
    found = rows.filter(version_id=version_id).first()
    if found is None:
        raise NotFound(f"There is no version {version_id} any more.")
    return found


def _settle(intake: Intake, found: Opened, by: Actor) -> Intake:
    facts = found.findings.shown() if found.findings else None
    if found.findings is None or found.problem:
        return refuse(intake, str(told.bounded(found.problem)), facts, by=by)
    try:
        signature = signatures.checked(found.findings.signature)
        example = _example(found.findings, signature)
        if found.form is not None:
            check_form(found.form, signature, example, intake)
    except MlregistryError as error:
        return refuse(intake, error.message, facts, by=by)
    report = msgspec.to_builtins(found.findings.report) if found.findings.report else None
    return accept(
        intake,
        signature=signature,
        example=example,
        findings=facts or {},
        report=told.bounded(report),
        form=found.form,
        skops=found.skops,
        by=by,
    )


def _example(found: Findings, signature: Signature) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = told.bounded(
        [dict(row) for row in found.example[:20]], signatures.MOST_INPUTS
    )
    signature.frame(rows, strict=True)
    return rows


def check_form(path: Path, signature: Signature, example: list[dict[str, Any]], intake: Intake) -> None:
    """Invalid for a form that does not load, does not answer its example soon, or brings a graph of its own."""
    form = storing.load(path)
    _check_graphs(form, intake)
    model = CompiledModel(form, signature)
    start = time.perf_counter()
    try:
        model.score(example)
    except Refused as error:
        raise Invalid("Its closed form does not answer the example.", field="file") from error
    if time.perf_counter() - start > MOST_SECONDS:
        raise Invalid("Its closed form takes too long to answer a row.", field="file")


def _check_graphs(form: Form, intake: Intake) -> None:
    for part in form.all():
        if part.op == "onnx":
            found = hashlib.sha256(part.arrays["graph"].tobytes()).hexdigest()
            if intake.format != "onnx" or found != intake.file.sha256:
                raise Invalid("Its closed form holds a graph that was not uploaded.", field="file")
