"""Files of models on this machine's disk, by checksum: serving goes on without database or store."""

import os
import shutil
from pathlib import Path

from django.conf import settings

from mlregistry.artifacts import store
from mlregistry.artifacts.models import StoredFile


def folder_of(sha256: str) -> Path:
    return Path(settings.MLREGISTRY_HOME) / "cache" / "models" / sha256


def fetch(stored: StoredFile, name: str) -> Path:
    """The folder that holds the file under this name; linked, or copied once from a remote store."""
    folder = folder_of(stored.sha256)
    target = folder / name
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".{name}.{os.getpid()}.part"
        with store.local_path(stored) as path:
            shutil.copyfile(path, draft)
        draft.replace(target)
    return folder
