"""Where the files of a version lie on this server. Called by MLflow's door and when a version is taken in."""

import re
import uuid

from django.db.models import QuerySet

from experiments.models import Artifact, model_key
from experiments.queries import artifacts
from experiments.queries.artifacts import Place
from mlregistry.accounts.actor import Actor
from mlregistry.artifacts.paths import folder
from mlregistry.errors import NotFound
from models_app.models import ModelVersion

OWN_LOCATION = re.compile(r"mlflow-artifacts:(?://[^/]*)?/*(?P<path>.*)", re.DOTALL)
RUN_LOCATION = re.compile(r"runs:/+(?P<run>[0-9a-f]{32})(?:/(?P<path>.*))?", re.DOTALL)
MODEL_LOCATION = re.compile(r"models:/+(?P<model>m-[0-9a-f]{32})(?:/(?P<path>.*))?", re.DOTALL)
RUN_MODEL = "model"
MOST = 1_000


def location(by: Actor, version: ModelVersion) -> Place:
    """The folder of the version's files; NotFound when it is elsewhere."""
    named = version.storage_location or version.source
    if found := OWN_LOCATION.fullmatch(named):
        return artifacts.place(by, found["path"])
    if version.logged_model_id is not None:
        return Place("", model_id=version.logged_model_id)
    if found := RUN_LOCATION.fullmatch(named):
        return Place(found["path"] or "", run_id=uuid.UUID(found["run"]))
    if found := MODEL_LOCATION.fullmatch(named):
        return Place(found["path"] or "", model_id=model_key(found["model"]))
    if version.run_id is not None and not named:
        return Place(RUN_MODEL, run_id=version.run_id)
    raise NotFound("The files of this version do not lie on this server.", field="path")


def files_in(by: Actor, where: Place) -> dict[str, Artifact]:
    """The files directly in a folder, by name."""
    prefix = folder(where.path)
    rows: QuerySet[Artifact] = Artifact.objects.filter(team=by.team, path__startswith=prefix).select_related(
        "file"
    )
    owner = {"run_id": where.run_id, "logged_model_id": where.model_id}
    rows = rows.filter(**owner)
    found = {row.path.removeprefix(prefix): row for row in rows.order_by("path")[:MOST]}
    return {name: row for name, row in found.items() if "/" not in name}
