"""The numbers of versions: without gaps, never used again. Called by whoever makes a version."""

from mlregistry.errors import NotFound
from models_app.models import ModelVersion, RegisteredModel


def next_number(model: RegisteredModel) -> int:
    """The number of the model's next version; the model is locked until the transaction ends."""
    locked = RegisteredModel.objects.select_for_update().filter(pk=model.pk).first()
    if locked is None:
        raise NotFound(f"There is no registered model “{model.name}” any more.", field="name")
    return locked.last_number + 1


def count(version: ModelVersion) -> None:
    """Uses the version's number up; the model changed when it came."""
    model = version.model
    model.last_number, model.updated_at = version.number, version.updated_at
    rows = RegisteredModel.objects.filter(pk=model.pk)
    rows.update(last_number=model.last_number, updated_at=model.updated_at)
