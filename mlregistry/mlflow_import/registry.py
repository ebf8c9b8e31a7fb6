"""The registry's part of an import: models, versions, aliases, with sources that lead to the files here.

Called by moving, after the runs and logged models that the versions come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from experiments import access
from experiments.queries.locations import logged_model_root, run_root
from mlregistry.accounts.actor import Actor
from mlregistry.errors import MlregistryError, NotFound
from models_app.actions.importing import ModelRecord, VersionRecord, import_model

from .report import Report
from .source import Source


def move_registry(source: Source, roots: Mapping[str, str], *, dry: bool, report: Report, by: Actor) -> None:
    """`roots` says where the files of each run (by hex) and logged model (by m-…) lay at the source."""
    for model in source.registered_models():
        counts = {"models": 1, "versions": len(model.versions), "aliases": len(model.aliases)}
        report.there.update(counts)
        if not dry:
            _model(model, roots, report, by)


def _model(model: ModelRecord, roots: Mapping[str, str], report: Report, by: Actor) -> None:
    versions = [_rehomed(version, roots, by) for version in model.versions]
    try:
        outcome = import_model(replace(model, versions=versions), by=by)
    except MlregistryError as error:
        report.refused.append(f"the model {model.name!r}: {error}")
        return
    report.here.update({"models": 1, "versions": outcome.n_versions, "aliases": outcome.n_aliases})
    report.written.update(outcome.written)
    report.refused += outcome.kept


def _rehomed(version: VersionRecord, roots: Mapping[str, str], by: Actor) -> VersionRecord:
    """Places below a run or logged model that was brought over are named as they are here."""
    moved = version
    for key, place in ((version.run_key, run_place), (version.model_id, model_place)):
        former = roots.get(key, "").rstrip("/")
        if former and (now := place(key, by)):
            moved = replace(
                moved,
                source=_swapped(moved.source, former, now),
                storage_location=_swapped(moved.storage_location, former, now),
            )
    return moved


def run_place(key: str, by: Actor) -> str:
    """Where the run's files lie here; blank when it is not here."""
    try:
        return run_root(access.run(by, key))
    except NotFound:
        return ""


def model_place(key: str, by: Actor) -> str:
    try:
        return logged_model_root(access.logged_model(by, key, deleted=True))
    except NotFound:
        return ""


def _swapped(uri: str, former: str, now: str) -> str:
    for start in (former, former.removeprefix("file://")):
        if uri == start or uri.startswith(f"{start}/"):
            return now + uri[len(start) :]
    return uri
