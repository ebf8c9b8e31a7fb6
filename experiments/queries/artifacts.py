"""Files by the paths that MLflow's clients use: whose they are, what lies where. Called by the doors."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import connection

from experiments import access
from experiments.models import Artifact, LoggedModel, Run, model_key
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Team
from mlregistry.artifacts.paths import folder, normalise
from mlregistry.errors import Invalid, NotFound

WORKSPACES = "workspaces/"
DEFAULT_WORKSPACE = "default"
# The leftmost run or model counts; what stands before it (an experiment, a location of one's own) only informs.
OWNED = re.compile(
    r"(?:.*?/)??(?:(?P<run>[0-9a-f]{32})|models/(?P<model>m-[0-9a-f]{32}))/artifacts(?:/(?P<path>.*))?",
    re.DOTALL,
)
LISTING = """
SELECT split_part(rest, '/', 1), bool_or(strpos(rest, '/') > 0), max(file.size)
FROM (
    SELECT substr(path, %s) AS rest, file_id FROM experiments_artifact
    WHERE team_id = %s AND is_owned AND starts_with(path, %s)
) AS below
LEFT JOIN artifacts_storedfile AS file ON file.id = below.file_id AND strpos(rest, '/') = 0
GROUP BY split_part(rest, '/', 1) ORDER BY split_part(rest, '/', 1) COLLATE "C"
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A path in the folder of a run, of a logged model, or (with neither) of the team."""

    path: str
    run_id: uuid.UUID | None = None
    model_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder directly in a folder; `size` is None for folders."""

    name: str
    is_dir: bool
    size: int | None


def place(by: Actor, path: str) -> Place:
    """Where a path of the artifact proxy leads; Invalid when it could lead out of its folder."""
    plain = _in_workspace(by, folder(path).rstrip("/"))
    found = OWNED.fullmatch(plain)
    if found is None:
        return Place(plain)
    inside = found["path"] or ""
    if found["run"]:
        return Place(inside, run_id=uuid.UUID(found["run"]))
    return Place(inside, model_id=model_key(found["model"]))


def owner(by: Actor, where: Place) -> Run | LoggedModel | Team:
    """Whose folder it is, of the actor's team only."""
    if where.run_id is not None:
        return run(by, where.run_id)
    if where.model_id is not None:
        return logged_model(by, where.model_id)
    return by.team


def run(by: Actor, run_id: uuid.UUID) -> Run:
    """The run with its experiment."""
    found = access.runs(by).select_related("experiment").filter(pk=run_id).first()
    if found is None:
        raise NotFound(f"Run with id={run_id.hex} not found", field="run_id")
    return found


def logged_model(by: Actor, model_id: uuid.UUID) -> LoggedModel:
    """The logged model with its experiment, deleted ones too."""
    rows = LoggedModel.objects.filter(experiment__team=by.team).select_related("experiment")
    found = rows.filter(pk=model_id).first()
    if found is None:
        raise NotFound(f"Logged model with ID 'm-{model_id.hex}' not found.", field="model_id")
    return found


def file(by: Actor, where: Place) -> Artifact:
    """The file at this place, in one query; NotFound, or Invalid for a folder."""
    path = normalise(where.path)
    found = Artifact.objects.filter(**_columns(by, where), path=path).select_related("file").first()
    if found is not None:
        return found
    owner(by, where)
    if listing(by, where):
        raise Invalid(f"Artifact path refers to a directory, not a file: '{path}'", field="path")
    raise NotFound(f"No such artifact: '{path}'", field="path")


def listing(by: Actor, where: Place) -> list[Entry]:
    """What lies directly in the folder, by name; nothing for a file or a missing path. One query."""
    prefix = folder(where.path)
    if where.run_id is not None:
        owned, keys = "run_id = %s", [where.run_id]
    elif where.model_id is not None:
        owned, keys = "logged_model_id = %s", [where.model_id]
    else:
        owned, keys = "run_id IS NULL AND logged_model_id IS NULL", []
    with connection.cursor() as cursor:
        cursor.execute(
            LISTING.replace("is_owned", owned), [len(prefix) + 1, by.team.pk, *map(str, keys), prefix]
        )
        return [Entry(*row) for row in cursor.fetchall()]


def _columns(by: Actor, where: Place) -> dict[str, Any]:
    """Equal on all artifacts of the owner; the team keeps out what is foreign."""
    if where.run_id is not None:
        return {"team": by.team, "run_id": where.run_id}
    if where.model_id is not None:
        return {"team": by.team, "logged_model_id": where.model_id}
    return {"team": by.team, "run_id": None, "logged_model_id": None}


def _in_workspace(by: Actor, path: str) -> str:
    """The path without the workspace that newer clients may put before it: it must be the actor's own."""
    if path != WORKSPACES.rstrip("/") and not path.startswith(WORKSPACES):
        return path
    name, _, rest = path.removeprefix(WORKSPACES.rstrip("/")).removeprefix("/").partition("/")
    if name not in (by.team.slug, DEFAULT_WORKSPACE):
        raise Invalid(
            f"Artifact path targets workspace '{name}' but the workspace of the request is '{by.team.slug}'.",
            field="path",
        )
    return rest
