"""Save and delete the files of a run, a logged model or a team. Called by every door and by workers."""

import mimetypes
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from experiments.models import Artifact, Lifecycle, LoggedModel, Run
from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role, Team
from mlregistry.artifacts import store
from mlregistry.artifacts.models import StoredFile
from mlregistry.artifacts.paths import normalise
from mlregistry.errors import Conflict

from .runs import require_active

Owner = Run | LoggedModel | Team


def save_artifact(
    owner: Owner, path: str, source: store.Readable | Path, *, content_type: str = "", by: Actor
) -> Artifact:
    """Store a file under its path in the owner's folder, over one that is there. Nothing is half written."""
    by.require(Role.EDITOR)
    _require_active(owner)
    place = normalise(path)
    type = content_type or mimetypes.guess_type(place)[0] or "application/octet-stream"
    stored = store.save(by.team, source, content_type=type, limit=settings.UPLOAD_LIMIT_BYTES)
    try:
        return _refer(owner, place, stored, by=by)
    except BaseException:
        store.discard(stored)
        raise


def delete_artifact(artifact: Artifact, *, by: Actor) -> None:
    """The bytes go when nothing else refers to them."""
    by.require(Role.EDITOR)
    owner = artifact.run or artifact.logged_model or artifact.team
    _require_active(owner)
    with transaction.atomic():
        audit.record(by, f"{_noun(owner)}.delete_artifact", owner, path=artifact.path)
        artifact.delete()


def owned_by(owner: Owner) -> dict[str, Any]:
    """The columns that tell whose file it is, to filter and to create with."""
    if isinstance(owner, Run):
        return {"run": owner}
    if isinstance(owner, LoggedModel):
        return {"logged_model": owner}
    return {"team": owner, "run": None, "logged_model": None}


def _refer(owner: Owner, path: str, stored: StoredFile, *, by: Actor) -> Artifact:
    with transaction.atomic():
        _one_at_a_time(owner)
        _check_free(owner, path)
        artifact, _ = Artifact.objects.update_or_create(
            **owned_by(owner), path=path, defaults={"file": stored, "team": by.team}
        )
        audit.record(by, f"{_noun(owner)}.save_artifact", owner, path=path, size=stored.size)
    return artifact


def _one_at_a_time(owner: Owner) -> None:
    """Paths of one owner are checked in turn: a file and a folder never share a name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"files of {_noun(owner)} {owner.pk}"]
        )


def _check_free(owner: Owner, path: str) -> None:
    files = Artifact.objects.filter(**owned_by(owner))
    parts = path.split("/")
    parents = ["/".join(parts[:n]) for n in range(1, len(parts))]
    file = files.filter(path__in=parents).first()
    if file is not None:
        raise Conflict(f"{file.path!r} is a file, so nothing can lie under it.", field="path")
    if files.filter(path__startswith=f"{path}/").exists():
        raise Conflict(f"{path!r} is a folder.", field="path")


def _require_active(owner: Owner) -> None:
    if isinstance(owner, Run):
        require_active(owner)
    elif isinstance(owner, LoggedModel) and owner.lifecycle != Lifecycle.ACTIVE:
        raise Conflict(f"The logged model {owner.name!r} is deleted.")


def _noun(owner: Owner) -> str:
    return "run" if isinstance(owner, Run) else "logged_model" if isinstance(owner, LoggedModel) else "team"
