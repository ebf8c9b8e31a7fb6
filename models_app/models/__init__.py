"""The registry: names, immutable numbered versions, movable aliases."""

from .models import RegisteredModel
from .versions import Alias, ModelFile, ModelVersion, Stage, VersionState

__all__ = ["Alias", "ModelFile", "ModelVersion", "RegisteredModel", "Stage", "VersionState"]
