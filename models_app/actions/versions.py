"""Model versions: register the model of a run, describe it, delete it. Called by all doors and by jobs."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from django.db import transaction
from django.db.models import ProtectedError

from experiments.models import Artifact, Experiment, Lifecycle, Run, RunStatus
from experiments.queries.locations import run_root
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, Invalid
from mlregistry.lib.locations import below
from mlregistry.lib.names import clean_text
from models_app.actions import compilations
from models_app.actions.alias_moves import note_gone
from models_app.actions.aliases import keep_approved, set_or_await
from models_app.actions.intakes import take_in_artifacts
from models_app.actions.model_tests import request_tests
from models_app.actions.models import checked_name, found_or_created, in_use
from models_app.actions.news import tell_created
from models_app.actions.numbering import count, next_number
from models_app.actions.tags import clean_tags
from models_app.models import Compilation, Intake, IntakeState, ModelFile, ModelVersion
from models_app.queries.candidates import best_run
from models_app.queries.model_tests import can_test
from models_app.queries.origins import saved_by_job

MODEL_FOLDER = "model/"
FORMATS = {".joblib": "joblib", ".skops": "skops", ".npz": "arrays"}


def register(run: Run, model_name: str, *, description: str = "", by: Actor) -> ModelVersion:
    """The run's model as the next version of that name, which is created when it is new.

    Numbers rise by one under a row lock, so they have no gaps whoever registers at the same time.
    Raises Conflict for a run that has not finished, Invalid for one without a model or signature.
    """
    by.require(Role.EDITOR)
    name = checked_name(model_name)
    files = _check_run(run, by)
    with transaction.atomic():
        model = found_or_created(name, problem=run.problem, by=by)
        version = ModelVersion.objects.create(
            model=model,
            number=next_number(model),
            description=description,
            run=run,
            run_key=run.pk.hex,
            source=f"runs:/{run.pk.hex}/{MODEL_FOLDER.rstrip('/')}",
            storage_location=below(run_root(run), MODEL_FOLDER.rstrip("/")),
            user_name=by.user.get_username() if by.user else "",
            signature=run.signature,
            input_example=run.input_example or [],
            metrics=_metrics(run),
            created_by=by.user,
        )
        count(version)
        ModelFile.objects.bulk_create(_files(version, files))
        record(by, "version.register", version, run=run.pk.hex, formats=sorted(_formats(files)))
        tell_created(version, by=by)
        if compilations.can_compile(version):
            compilations.request_compilation(version, by=by)  # its tests follow it
        elif can_test(version):
            request_tests(version, by=by)
        elif not version.files.filter(trained_here=True).exists():
            _take_in(version, run, files, by)
    return version


def register_best(
    experiment: Experiment, model_name: str, *, alias: str | None = None, description: str = "", by: Actor
) -> ModelVersion:
    """Registers the experiment's best run by its problem's primary metric, and lets the alias point at it.

    A guarded alias that would move waits until the version's tests have passed.
    """
    by.require(Role.EDITOR)
    run = best_run(experiment)
    if run is None:
        raise Conflict(f"No run of “{experiment.name}” has finished with a value of its problem's metric.")
    with transaction.atomic():
        version = register(run, model_name, description=description, by=by)
        if alias:
            set_or_await(version.model, alias, version, by=by)
    return version


def update_version(
    version: ModelVersion,
    *,
    description: str | None = None,
    tags: dict[str, str] | None = None,
    by: Actor,
) -> ModelVersion:
    """Changes the description or the tags: all else of a version is immutable."""
    by.require(Role.EDITOR)
    changes = {
        name: value for name, value in (("description", description), ("tags", tags)) if value is not None
    }
    clean_text(description or "", field="description")
    clean_tags(tags or {})
    with transaction.atomic():
        for field, value in changes.items():
            setattr(version, field, value)
        version.save(update_fields=[*changes, "updated_at"])
        record(by, "version.update", version, fields=sorted(changes))
    return version


def delete_version(version: ModelVersion, *, by: Actor) -> None:
    """Deletes a version; its number is not used again. Raises Conflict while an endpoint serves it, or while an
    alias that takes approval points at it."""
    by.require(Role.EDITOR)
    try:
        with transaction.atomic():
            held = list(version.aliases.select_related("model", "version"))
            keep_approved(held)
            note_gone(held, why=f"Version {version.number} was deleted.", by=by)
            record(by, "version.delete", version, number=version.number)
            version.delete()
            version.model.save(update_fields=["updated_at"])
    except ProtectedError as error:
        raise in_use(f"Version {version.number} of “{version.model.name}”", error) from error


def check_servable(version: ModelVersion) -> None:
    """Raises Conflict for a version without signature and files, and for one from outside that did not pass."""
    intake = Intake.objects.filter(version=version).first()
    named = f"Version {version.number} of “{version.model.name}”"
    if intake is not None:
        _check_passed(intake, named)
    elif version.signature is None or not version.files.filter(trained_here=True).exists():
        raise Conflict(
            f"{named} has no files that this server can serve: a client registered it by a source. Upload its model,"
            " or register a run that was trained or saved here.",
            field="variants",
        )


def _check_passed(intake: Intake, named: str) -> None:
    if intake.state == IntakeState.QUARANTINED:
        raise Conflict(
            f"{named} is a pickle from outside; an owner has to approve it first.", field="variants"
        )
    if Compilation.objects.filter(version=intake.version_id).exclude(file=None).exists():
        return
    if intake.state == IntakeState.CHECKING:
        raise Conflict(f"{named} is still being checked.", field="variants")
    why = intake.problem or "it has no closed form that passed the parity gate"
    raise Conflict(f"{named} came from outside and cannot be served: {why}", field="variants")


def _check_run(run: Run, by: Actor) -> list[Artifact]:
    if run.experiment.team_id != by.team.pk:
        raise Invalid("The run belongs to another team.", field="run")
    if run.status != RunStatus.FINISHED or run.lifecycle != Lifecycle.ACTIVE:
        state = "is deleted" if run.lifecycle != Lifecycle.ACTIVE else f"is {run.get_status_display()}"
        raise Conflict(f"Only a finished run can be registered; “{run.name}” {state}.", field="run")
    artifacts = run.artifacts.filter(path__startswith=MODEL_FOLDER).select_related("file")
    files = [artifact for artifact in artifacts if _format(artifact) is not None]
    if not files:
        raise Invalid(f"The run “{run.name}” holds no model: nothing lies under {MODEL_FOLDER}.", field="run")
    if not run.signature:
        raise Invalid(f"The model of “{run.name}” has no signature.", field="run")
    return files


def _take_in(version: ModelVersion, run: Run, files: Sequence[Artifact], by: Actor) -> None:
    """Somebody uploaded the run's model: it goes the way of all that comes from outside."""
    there = {PurePosixPath(artifact.path).name: artifact for artifact in files}
    request = {"signature": run.signature, "example": run.input_example or None}
    take_in_artifacts(version, there, request=request, by=by)


def _metrics(run: Run) -> dict[str, float]:
    return {row.key: row.value for row in run.latest_metrics.filter(is_nan=False)}


def _files(version: ModelVersion, artifacts: Sequence[Artifact]) -> list[ModelFile]:
    by_format = _formats(artifacts)
    return [
        ModelFile(version=version, format=name, file=artifact.file, trained_here=saved_by_job(artifact))
        for name, artifact in by_format.items()
    ]


def _formats(artifacts: Sequence[Artifact]) -> dict[str, Artifact]:
    """One file per format; where a run holds several, the first path."""
    found: dict[str, Artifact] = {}
    for artifact in sorted(artifacts, key=lambda artifact: artifact.path):
        found.setdefault(_format(artifact) or "", artifact)
    return found


def _format(artifact: Artifact) -> str | None:
    return FORMATS.get(PurePosixPath(artifact.path).suffix)
