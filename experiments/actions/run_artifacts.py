"""Save and delete the files of a run. Called by every door and by the training worker."""

import mimetypes
from pathlib import Path

from django.conf import settings
from django.db import transaction

from experiments.models import Run, RunArtifact
from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.artifacts import store
from mlregistry.artifacts.models import StoredFile
from mlregistry.artifacts.paths import normalise
from mlregistry.errors import Conflict

from .runs import require_active


def save_artifact(
    run: Run, path: str, source: store.Readable | Path, *, content_type: str = "", by: Actor
) -> RunArtifact:
    """Store a file under its path in the run, over one that is there. Nothing is half written."""
    by.require(Role.EDITOR)
    require_active(run)
    place = normalise(path)
    type = content_type or mimetypes.guess_type(place)[0] or "application/octet-stream"
    stored = store.save(by.team, source, content_type=type, limit=settings.UPLOAD_LIMIT_BYTES)
    try:
        return _refer(run, place, stored, by=by)
    except BaseException:
        store.discard(stored)
        raise


def delete_artifact(artifact: RunArtifact, *, by: Actor) -> None:
    """The bytes go when nothing else refers to them."""
    by.require(Role.EDITOR)
    require_active(artifact.run)
    with transaction.atomic():
        audit.record(by, "run.delete_artifact", artifact.run, path=artifact.path)
        artifact.delete()


def _refer(run: Run, path: str, stored: StoredFile, *, by: Actor) -> RunArtifact:
    with transaction.atomic():
        # Paths of one run are checked one at a time: a file and a folder never share a name.
        Run.objects.select_for_update(of=("self",)).only("pk").get(pk=run.pk)
        _check_free(run, path)
        artifact, _ = RunArtifact.objects.update_or_create(run=run, path=path, defaults={"file": stored})
        audit.record(by, "run.save_artifact", run, path=path, size=stored.size)
    return artifact


def _check_free(run: Run, path: str) -> None:
    parts = path.split("/")
    parents = ["/".join(parts[:n]) for n in range(1, len(parts))]
    file = RunArtifact.objects.filter(run=run, path__in=parents).first()
    if file is not None:
        raise Conflict(f"{file.path!r} is a file, so nothing can lie under it.", field="path")
    if RunArtifact.objects.filter(run=run, path__startswith=f"{path}/").exists():
        raise Conflict(f"{path!r} is a folder.", field="path")
