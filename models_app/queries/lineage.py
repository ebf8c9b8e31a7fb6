"""Where a version comes from: run, recipe, data, problem. Called by the API and the version's page."""

from typing import Any

from experiments.models import DatasetVersion, Problem, Run
from models_app.models import ModelVersion
from models_app.queries.optimisations import origin_of


def lineage(version: ModelVersion) -> dict[str, Any]:
    """Each step back from the version; a step that was not recorded, or is gone, is None."""
    run = (
        Run.objects.select_related(
            "experiment", "problem", "dataset_version__dataset", "parent", "created_by"
        )
        .filter(model_versions=version)
        .first()
    )
    data = run.dataset_version if run else None
    return {
        "model": version.model.name,
        "version": version.number,
        "registered_at": version.created_at,
        "registered_by": version.created_by.get_username() if version.created_by else None,
        "files": [
            {"format": row.format, "size": row.file.size, "sha256": row.file.sha256}
            for row in version.files.select_related("file").order_by("format")
        ],
        "run": _run(run) if run else None,
        "recipe": run.recipe if run else None,
        "experiment": {"id": run.experiment_id, "name": run.experiment.name} if run else None,
        "dataset_version": _data(data) if data else None,
        "problem": _problem(run.problem) if run and run.problem else None,
        "optimised_from": _origin(version),
    }


def curves_of(version: ModelVersion) -> dict[str, Any]:
    """The figures of the run that made it, by name, as its page draws them."""
    run = Run.objects.filter(model_versions=version).first()
    return {row.name: row.data for row in run.curves.order_by("pk") if row.name != "profiles"} if run else {}


def _origin(version: ModelVersion) -> dict[str, Any] | None:
    """The version that an optimisation made this one of, and how."""
    found = origin_of(version)
    if found is None:
        return None
    of = found.optimisation
    return {
        "version": of.version.number,
        "optimisation": of.pk,
        "method": found.method,
        "changes": found.changes,
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "id": run.pk.hex,
        "name": run.name,
        "estimator": run.estimator,
        "status": run.status,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "job": str(run.job_id) if run.job_id else None,
        "parent": run.parent_id.hex if run.parent_id else None,
        "started_by": run.created_by.get_username() if run.created_by else None,
    }


def _data(version: DatasetVersion) -> dict[str, Any]:
    return {
        "dataset": version.dataset_id,
        "name": version.dataset.name,
        "number": version.number,
        "digest": version.digest,
        "n_rows": version.n_rows,
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "id": problem.pk,
        "name": problem.name,
        "kind": problem.kind,
        "target": problem.target,
        "primary_metric": problem.primary_metric,
        "direction": problem.direction,
    }
