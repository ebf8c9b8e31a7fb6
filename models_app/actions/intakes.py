"""Models that come from outside: taken in, held in quarantine, let through or refused. Called by all doors and the job.

No file is opened here: a format is known by name and first bytes, the rest is told by the jail.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from experiments.models import Artifact
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.artifacts import store
from mlregistry.artifacts.models import StoredFile
from mlregistry.artifacts.store import Readable
from mlregistry.errors import Conflict, Invalid, MlregistryError
from mlregistry.jobs.queue import enqueue
from mlregistry.lib.names import clean_text
from mlregistry.ml.intake import formats
from models_app.actions.models import found_or_created
from models_app.actions.news import tell_created
from models_app.actions.numbering import count, next_number
from models_app.models import Intake, IntakeState, ModelFile, ModelVersion
from models_app.queries.version_files import files_in, location

JOB = "models_app.take_in"
TIMEOUT_SECONDS = 900
MEMORY_MB = 4_096
HEAD_BYTES = 16
LONGEST_REASON = 2_000
MLMODEL, EXAMPLES = "MLmodel", ("serving_input_example.json", "input_example.json")


@dataclass(frozen=True)
class Sent:
    """A model file, what came along with it, and what its uploader says (signature, example)."""

    name: str
    format: str
    file: StoredFile
    mlmodel: StoredFile | None = None
    example: StoredFile | None = None
    request: Mapping[str, Any] = field(default_factory=dict)


def upload(
    model_name: str,
    source: Readable,
    filename: str,
    *,
    request: Mapping[str, Any] | None = None,
    description: str = "",
    by: Actor,
) -> ModelVersion:
    """The uploaded file as the next version of that name; `request` holds a checked signature and rows.

    Raises Invalid for what is no model by its name or first bytes, TooLarge for more than 512 MB.
    """
    by.require(Role.EDITOR)
    clean_text(description, field="description")
    with store.spooled(source, limit=formats.MOST_BYTES) as spool:
        with spool.path.open("rb") as file:
            format = formats.checked_format(filename, file.read(HEAD_BYTES))
        with store.saving(by.team, spool.path) as stored:
            model = found_or_created(model_name, by=by)
            version = ModelVersion.objects.create(
                model=model,
                number=next_number(model),
                description=description,
                user_name=by.user.get_username()[:256] if by.user else "",
                created_by=by.user,
            )
            count(version)
            record(by, "version.upload", version, format=format, sha256=stored.sha256, size=stored.size)
            tell_created(version, by=by)
            take_in(version, Sent(filename[:300], format, stored, request=request or {}), by=by)
    return version


def take_in(version: ModelVersion, sent: Sent, *, by: Actor) -> Intake:
    """Starts the check of what runs no code; a pickle waits for an owner. Call it in the transaction of the version."""
    intake = Intake.objects.create(
        version=version,
        state=IntakeState.QUARANTINED,
        format=sent.format,
        file_name=sent.name,
        file=sent.file,
        mlmodel=sent.mlmodel,
        example=sent.example,
        request=dict(sent.request),
    )
    ModelFile.objects.get_or_create(version=version, format=sent.format, defaults={"file": sent.file})
    if formats.needs_approval(sent.format):
        record(by, "version.quarantine", version, format=sent.format, sha256=sent.file.sha256)
    else:
        _check(intake, by)
    return intake


def take_in_files(version: ModelVersion, *, by: Actor) -> Intake | None:
    """From the folder that a client's version names; None where it holds no model that this server knows."""
    try:
        there = files_in(by, location(by, version))
    except MlregistryError:
        return None
    return take_in_artifacts(version, there, by=by)


def take_in_artifacts(
    version: ModelVersion,
    there: Mapping[str, Artifact],
    *,
    request: Mapping[str, Any] | None = None,
    by: Actor,
) -> Intake | None:
    """`there` are files by name; what runs no code is preferred."""
    small = {name: row for name, row in there.items() if row.file.size <= formats.MOST_BYTES}
    name = formats.chosen(small)
    if name is None:
        return None
    example = next((there[one].file for one in EXAMPLES if one in there), None)
    mlmodel = there[MLMODEL].file if MLMODEL in there else None
    format = formats.format_of(name) or ""
    return take_in(
        version, Sent(name[:300], format, there[name].file, mlmodel, example, request or {}), by=by
    )


def approve(version: ModelVersion, reason: str, *, by: Actor) -> Intake:
    """An owner lets a pickle be opened, in the jail alone. Conflict unless it waits for that."""
    return _decided(version, reason, IntakeState.CHECKING, "version.approve", by)


def reject(version: ModelVersion, reason: str, *, by: Actor) -> Intake:
    """An owner refuses a pickle; it is never opened."""
    return _decided(version, reason, IntakeState.REFUSED, "version.reject", by)


def check_again(version: ModelVersion, *, by: Actor) -> Intake:
    """Opens it once more, as after an upgrade. Conflict for one that waits for an owner, or that an owner refused."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        intake = _locked(version)
        if intake.is_live:
            return intake
        if not can_check_again(intake):
            raise Conflict(f"{version} is a pickle that no owner has approved.", field="version")
        record(by, "version.check_again", version)
        _check(intake, by)
    return intake


def can_check_again(intake: Intake) -> bool:
    """Not what waits for an owner, nor what an owner refused."""
    return not formats.needs_approval(intake.format) or intake.is_approved


def _decided(version: ModelVersion, reason: str, state: str, action: str, by: Actor) -> Intake:
    by.require(Role.OWNER)
    reason = clean_text(reason.strip(), field="reason", max_length=LONGEST_REASON)
    if not reason:
        raise Invalid("Say why: the reason is kept with the version.", field="reason")
    with transaction.atomic():
        intake = _locked(version)
        if intake.state != IntakeState.QUARANTINED:
            raise Conflict(
                f"{version} waits for no decision: it is {intake.get_state_display()}.", field="version"
            )
        intake.state, intake.reason = state, reason
        intake.is_approved = state == IntakeState.CHECKING
        intake.decided_by, intake.decided_at = by.user, timezone.now()
        if state == IntakeState.REFUSED:
            intake.problem = "An owner refused it; it was not opened."
        intake.save()
        record(by, action, version, reason=reason, sha256=intake.file.sha256)
        if state == IntakeState.CHECKING:
            _check(intake, by)
    return intake


def _locked(version: ModelVersion) -> Intake:
    rows = Intake.objects.select_for_update(of=("self",)).select_related("job", "file")
    found = rows.filter(version=version).first()
    if found is None:
        raise Conflict(f"{version} was not uploaded; there is nothing to decide.", field="version")
    return found


def _check(intake: Intake, by: Actor) -> None:
    intake.state = IntakeState.CHECKING
    intake.job = enqueue(
        JOB,
        args={"version_id": intake.version_id},
        team=by.team,
        title=f"Check {intake.version}",
        memory_mb=MEMORY_MB,
        timeout_seconds=TIMEOUT_SECONDS,
        by=by,
    )
    intake.save()
