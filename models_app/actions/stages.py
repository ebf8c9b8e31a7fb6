"""Stages, MLflow's older way to mark versions. Called by all doors."""

from django.db import transaction
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from models_app.models import ModelVersion, RegisteredModel, Stage

ACTIVE = (Stage.STAGING, Stage.PRODUCTION)
_BY_NAME = {stage.value.lower(): stage for stage in Stage}


def transition_stage(
    version: ModelVersion, stage: str, *, archive_existing: bool = False, by: Actor
) -> ModelVersion:
    """Moves the version; `archive_existing` moves those that stood in an active stage before it away."""
    by.require(Role.EDITOR)
    wanted = read_stage(stage)
    if archive_existing and wanted not in ACTIVE:
        raise Invalid(
            f"Model version transition cannot archive existing model versions because '{stage}' is not an Active"
            f" stage. Those are {', '.join(ACTIVE)}.",
            field="archive_existing_versions",
        )
    with transaction.atomic():
        RegisteredModel.objects.select_for_update().get(pk=version.model_id)
        now = timezone.now()
        others = ModelVersion.objects.filter(model=version.model_id, stage=wanted).exclude(pk=version.pk)
        archived = others.update(stage=Stage.ARCHIVED, updated_at=now) if archive_existing else 0
        ModelVersion.objects.filter(pk=version.pk).update(stage=wanted, updated_at=now)
        RegisteredModel.objects.filter(pk=version.model_id).update(updated_at=now)
        record(by, "version.stage", version, stage=wanted, former=version.stage, archived=archived)
    version.stage, version.updated_at = wanted, now
    return version


def read_stage(text: str) -> Stage:
    """The stage of this name, whatever its case."""
    found = _BY_NAME.get(text.lower())
    if found is None:
        raise Invalid(
            f"Invalid Model Version stage: {text[:100]}. Value must be one of {', '.join(Stage.values)}.",
            field="stage",
        )
    return found
