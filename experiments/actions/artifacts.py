"""Save and delete the files of a run, a logged model or a team. Called by every door and by workers."""

import mimetypes
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from experiments.models import Artifact, Lifecycle, LoggedModel, Run
from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role, Team
from mlregistry.artifacts import store
from mlregistry.artifacts.models import StoredFile
from mlregistry.artifacts.paths import folder, normalise
from mlregistry.errors import Conflict

from .runs import require_active

Owner = Run | LoggedModel | Team


def save_artifact(
    owner: Owner, path: str, source: store.Readable | Path, *, content_type: str = "", by: Actor
) -> Artifact:
    """Store a file under its path in the owner's folder, over one that is there. Nothing is half written."""
    require_writable(owner, by=by)
    place = normalise(path)
    type = content_type or mimetypes.guess_type(place)[0] or "application/octet-stream"
    with store.saving(by.team, source, content_type=type, limit=settings.UPLOAD_LIMIT_BYTES) as stored:
        return _refer(owner, place, stored, by=by)


def delete_artifact(artifact: Artifact, *, by: Actor) -> None:
    """The bytes go when nothing else refers to them."""
    owner = artifact.run or artifact.logged_model or artifact.team
    require_writable(owner, by=by)
    with transaction.atomic():
        audit.record(by, f"{_noun(owner)}.delete_artifact", owner, path=artifact.path)
        artifact.delete()


def delete_path(owner: Owner, path: str, *, by: Actor) -> int:
    """The file at the path, or all files below it (for "" the owner's every file); returns how many."""
    require_writable(owner, by=by)
    prefix = folder(path)
    rows = Artifact.objects.filter(Q(path__startswith=prefix) | Q(path=path), **owned_by(owner))
    with transaction.atomic():
        n_deleted, _ = rows.delete()
        if n_deleted:
            audit.record(by, f"{_noun(owner)}.delete_artifacts", owner, path=path, n_files=n_deleted)
    return n_deleted


def require_writable(owner: Owner, *, by: Actor) -> None:
    """Forbidden for viewers; Conflict for what is deleted, which may only be read."""
    by.require(Role.EDITOR)
    if isinstance(owner, Run):
        require_active(owner)
    elif isinstance(owner, LoggedModel) and owner.lifecycle != Lifecycle.ACTIVE:
        raise Conflict(f"The logged model {owner.name!r} is deleted.")


def owned_by(owner: Owner) -> dict[str, Any]:
    """The columns that tell whose file it is, to filter and to create with."""
    if isinstance(owner, Run):
        return {"run": owner}
    if isinstance(owner, LoggedModel):
        return {"logged_model": owner}
    return {"team": owner, "run": None, "logged_model": None}


def _refer(owner: Owner, path: str, stored: StoredFile, *, by: Actor) -> Artifact:
    _one_at_a_time(owner)
    taken = _in_the_way(owner, path)
    if taken is None:
        artifact = Artifact.objects.create(**{"team": by.team, **owned_by(owner)}, path=path, file=stored)
    elif taken.path == path:
        artifact = taken
        Artifact.objects.filter(pk=taken.pk).update(file=stored, created_at=timezone.now())
        artifact.file = stored
    elif taken.path.startswith(f"{path}/"):
        raise Conflict(f"{path!r} is a folder.", field="path")
    else:
        raise Conflict(f"{taken.path!r} is a file, so nothing can lie under it.", field="path")
    audit.record(by, f"{_noun(owner)}.save_artifact", owner, path=path, size=stored.size)
    return artifact


def _one_at_a_time(owner: Owner) -> None:
    """Paths of one owner are checked in turn: a file and a folder never share a name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"files of {_noun(owner)} {owner.pk}"]
        )


def _in_the_way(owner: Owner, path: str) -> Artifact | None:
    """The file at this path, at a part of it, or below it."""
    parts = path.split("/")
    places = ["/".join(parts[:n]) for n in range(1, len(parts) + 1)]
    files = Artifact.objects.filter(**owned_by(owner))
    return files.filter(Q(path__in=places) | Q(path__startswith=f"{path}/")).first()


def _noun(owner: Owner) -> str:
    return "run" if isinstance(owner, Run) else "logged_model" if isinstance(owner, LoggedModel) else "team"
