"""What the jail found of an uploaded model: it can be served, or is refused with the reason. The job calls it."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.db import transaction

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.artifacts import store
from mlregistry.ml.signature import Signature
from models_app.actions.compilations import models_changed
from models_app.actions.model_tests import request_tests
from models_app.models import Compilation, Intake, IntakeState, ModelFile
from models_app.queries.model_tests import can_test


def accept(
    intake: Intake,
    *,
    signature: Signature,
    example: list[dict[str, Any]],
    findings: dict[str, Any],
    report: dict[str, Any] | None,
    form: Path | None,
    skops: Path | None,
    by: Actor,
) -> Intake:
    """Keeps signature, example, report and files; serving learns of the form."""
    version = intake.version
    with ExitStack() as kept, transaction.atomic():
        stored = {
            name: kept.enter_context(store.saving(by.team, path))
            for name, path in (("form", form), ("skops", skops))
            if path is not None
        }
        version.signature, version.input_example = signature.to_json(), example
        version.save(update_fields=["signature", "input_example"])
        Compilation.objects.update_or_create(
            version=version,
            defaults={"report": report, "file": stored.get("form"), "n_rescored": 0, "n_mismatches": 0},
        )
        if "skops" in stored:
            ModelFile.objects.update_or_create(
                version=version, format="skops", defaults={"file": stored["skops"], "trained_here": False}
            )
        _ended(intake, IntakeState.ACCEPTED, "", findings)
        record(by, "version.accept", version, sha256=intake.file.sha256, can_serve="form" in stored)
        models_changed()
        if can_test(version):
            request_tests(version, by=by)
    return intake


def refuse(intake: Intake, problem: str, findings: dict[str, Any] | None, *, by: Actor) -> Intake:
    """The reason is kept. A version that passed before goes on as it is, with the reason beside it."""
    with transaction.atomic():
        had_passed = Compilation.objects.filter(version=intake.version).exclude(file=None).exists()
        state = IntakeState.ACCEPTED if had_passed else IntakeState.REFUSED
        _ended(intake, state, problem, findings)
        record(by, "version.refuse", intake.version, problem=problem[:500], sha256=intake.file.sha256)
    return intake


def _ended(intake: Intake, state: str, problem: str, findings: dict[str, Any] | None) -> None:
    intake.state, intake.problem = state, problem
    intake.findings = findings if findings is not None else intake.findings
    intake.save(update_fields=["state", "problem", "findings", "updated_at"])
