"""Files of models on this machine's disk, by checksum: serving goes on without database or store.

`queries.routing` fetches them, `live_routing` and the jobs that load a version have them made whole first.
"""

import hashlib
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import Error as DatabaseError

from mlregistry.artifacts import store
from mlregistry.artifacts.models import StoredFile
from mlregistry.errors import Unavailable
from mlregistry.ml import packaging
from mlregistry.ml.compiling.names import COMPILED, FORM_ALONE
from serving.hotpath.models import LoadedModel, load_model
from serving.hotpath.snapshot import ModelHandle

logger = logging.getLogger(__name__)
CHUNK_BYTES = 1024 * 1024
PATIENCE_SECONDS = 30.0  # before bytes that the store has wrong are read there again
_refused: dict[str, tuple[float, str]] = {}  # by key in the store: until when, and why


def folder_of(sha256: str) -> Path:
    return Path(settings.MLREGISTRY_HOME) / "cache" / "models" / sha256


def fetch(stored: StoredFile, name: str) -> Path:
    """The folder that holds the file under this name, copied once from the store.

    OSError or Unavailable when the store has not got it, or has other bytes than those that were registered.
    """
    folder = folder_of(stored.sha256)
    if not (folder / name).exists():
        _copy(stored, folder / name)
    return folder


def load_whole(handle: ModelHandle) -> LoadedModel:
    """The version ready to answer, its files made whole first; Unavailable when it cannot be had. For jobs."""
    make_whole(handle)
    return load_model(handle)


def make_whole(handle: ModelHandle) -> None:
    """A copy that is missing or was changed on this disk is dropped and fetched once more.

    Unavailable says why the version cannot be had. Without its compiled form alone a version is served all the same.
    """
    for path, sha256, needed in _files(handle):
        try:
            _make_file_whole(path, sha256)
        except Unavailable as error:
            if needed:
                raise Unavailable(
                    f"Version {handle.version} of “{handle.name}” cannot be loaded: {error}"
                ) from error
            logger.warning("version %s of %s is served natively: %s", handle.version, handle.name, error)


def _files(handle: ModelHandle) -> Iterator[tuple[Path, str, bool]]:
    """Path, checksum, and whether the version cannot be served without it."""
    file, compiled = handle.file, handle.compiled
    if file["name"]:
        yield Path(handle.folder) / str(file["name"]), str(file["sha256"]), True
    if compiled is not None and file["format"] != FORM_ALONE:
        yield Path(str(compiled["folder"])) / COMPILED, str(compiled["sha256"]), False


def _make_file_whole(path: Path, sha256: str) -> None:
    changed = path.exists()
    if changed and packaging.sha256_of(path) == sha256:
        return
    if changed:
        logger.error("%s was changed: its SHA-256 is not the recorded one; it is fetched anew", path)
        path.unlink(missing_ok=True)
    _fetch_anew(path, sha256)


def _fetch_anew(path: Path, sha256: str) -> None:
    """From whichever of the stored files of this content has it; they are one per team."""
    reason = "its file is not in the artifact store."
    try:
        for stored in StoredFile.objects.filter(sha256=sha256).order_by("pk"):
            try:
                return _copy(stored, path)
            except (OSError, Unavailable) as error:
                reason = str(error)
    except DatabaseError:
        reason = (
            "its file is wrong or missing on this machine, and without the database it cannot be fetched."
        )
    raise Unavailable(reason)


def _copy(stored: StoredFile, target: Path) -> None:
    """Into place only if it is what was registered. What is not is not read again for a while."""
    until, why = _refused.get(stored.key, (0.0, ""))
    if time.monotonic() < until:
        raise Unavailable(why)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        if _copied(stored, draft) != stored.sha256:
            why = f"The file “{target.name}” was changed in the artifact store: its SHA-256 is not the recorded one."
            _refused[stored.key] = (time.monotonic() + PATIENCE_SECONDS, why)
            raise Unavailable(why)
        _refused.pop(stored.key, None)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _copied(stored: StoredFile, draft: Path) -> str:
    """The SHA-256 of what was copied."""
    digest = hashlib.sha256()
    with store.local_path(stored) as path, path.open("rb") as source, draft.open("wb") as target:
        while chunk := source.read(CHUNK_BYTES):
            digest.update(chunk)
            target.write(chunk)
    return digest.hexdigest()
