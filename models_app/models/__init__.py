"""The registry: names, immutable numbered versions, movable aliases."""

from .models import RegisteredModel
from .versions import Alias, ModelFile, ModelVersion, VersionState

__all__ = ["Alias", "ModelFile", "ModelVersion", "RegisteredModel", "VersionState"]
