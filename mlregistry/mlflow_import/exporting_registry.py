"""The registry's part of an export: folders of models and versions. Called by the command export_mlflow."""

from __future__ import annotations

from typing import Any

from mlregistry.lib.millis import to_millis
from models_app import access
from models_app.models import ModelVersion, RegisteredModel, VersionState

from .exporting import Export, write_meta, write_texts
from .registry import model_place, run_place

STATUSES = {
    VersionState.READY: "READY",
    VersionState.PENDING: "PENDING_REGISTRATION",
    VersionState.FAILED: "FAILED_REGISTRATION",
}


def export_registry(work: Export) -> None:
    """Models that a folder can be named after; MLflow's file store has no others."""
    for model in access.models(work.by).order_by("name"):
        work.report.there["models"] += 1
        if "%" in model.name:
            work.report.leave_out("models", "have a name that MLflow's file store refuses", repr(model.name))
            continue
        _model(work, model)
        work.report.here["models"] += 1


def _model(work: Export, model: RegisteredModel) -> None:
    folder = work.root / "models" / model.name
    aliases = [(alias.name, str(alias.version.number)) for alias in model.aliases.select_related("version")]
    write_texts(work, "aliases", folder / "aliases", aliases)
    write_texts(work, "model tags", folder / "tags", model.tags.items())
    for version in access.versions(work.by).filter(model=model).order_by("number"):
        place = folder / f"version-{version.number}"
        write_texts(work, "version tags", place / "tags", version.tags.items())
        write_meta(place, _fields(work, version))
        work.report.there["versions"] += 1
        work.report.here["versions"] += 1
    write_meta(
        folder,
        {
            "aliases": dict(aliases),
            "creation_timestamp": to_millis(model.created_at),
            "description": model.description or None,
            "last_updated_timestamp": to_millis(model.updated_at),
            "name": model.name,
        },
    )


def _fields(work: Export, version: ModelVersion) -> dict[str, Any]:
    source = version.source or version.storage_location
    return {
        "creation_timestamp": to_millis(version.created_at),
        "current_stage": version.stage,
        "description": version.description or None,
        "last_updated_timestamp": to_millis(version.updated_at),
        "name": version.model.name,
        "run_id": version.run_key or None,
        "run_link": version.run_link or None,
        "source": _moved(work, version, source),
        "status": STATUSES[VersionState(version.state)],
        "status_message": version.state_message or None,
        "storage_location": _moved(work, version, version.storage_location or source),
        "user_id": version.user_name or None,
        "version": version.number,
    }


def _moved(work: Export, version: ModelVersion, uri: str) -> str:
    """The place in the folder for one that lies below a run or logged model."""
    places = []
    if version.run is not None:
        experiment, key = version.run.experiment, version.run.pk.hex
        places.append((run_place(key, work.by), f"{work.location(experiment)}/{key}/artifacts"))
    if version.logged_model is not None:
        experiment, key = version.logged_model.experiment, version.logged_model.model_id
        places.append((model_place(key, work.by), f"{work.location(experiment)}/models/{key}/artifacts"))
    for here, there in places:
        if here and (uri == here or uri.startswith(f"{here}/")):
            return there + uri[len(here) :]
    return uri
