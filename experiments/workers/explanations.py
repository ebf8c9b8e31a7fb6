"""Draws what is costly of one trained run, in the job's own process; named in settings.JOB_KINDS."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from django.db import transaction

from experiments.actions import logging as log_actions
from experiments.models import Artifact, Run
from experiments.queries.datasets import local_paths
from experiments.queries.problems import spec_of
from mlregistry.accounts.actor import Actor
from mlregistry.artifacts import store
from mlregistry.errors import Invalid
from mlregistry.jobs.context import JobCancelled, JobContext
from mlregistry.jobs.models import Job
from mlregistry.ml import packaging, tables
from mlregistry.ml.recipes import parse
from mlregistry.ml.signature import Signature
from mlregistry.ml.supervised import explaining

MODEL = "model/model.skops"


def explain(context: JobContext, *, run_id: str) -> dict[str, Any]:
    """Set the run's curves; returns their names."""
    run = _run(run_id)
    assert run.problem is not None  # noqa: S101  # _run saw to it
    assert run.dataset_version is not None  # noqa: S101  # _run saw to it
    context.report(0.0, "Reading the dataset")
    with local_paths(run.dataset_version) as paths:
        frame = tables.load(paths)
    drawn = explaining.explain(
        spec_of(run.problem),
        parse(run.recipe or {}, kind=run.problem.kind),
        frame,
        _model(run),
        [field.name for field in Signature.from_json(run.signature or {}).inputs],
        _important(run),
        context.report,
    )
    with transaction.atomic():
        if not Job.objects.select_for_update().filter(pk=context.job_id, attempt=context.attempt).exists():
            raise JobCancelled  # another attempt has the job
        log_actions.set_curves(run, drawn, by=Actor.system(run.experiment.team, user=run.created_by))
    return {"curves": sorted(drawn)}


def _run(run_id: str) -> Run:
    rows = Run.objects.select_related("experiment__team", "problem", "dataset_version", "created_by")
    run = rows.filter(pk=run_id).first()
    if run is None or run.problem is None or run.dataset_version is None:
        raise Invalid("The run, its problem or its data was deleted.")
    return run


def _model(run: Run) -> Any:
    found = Artifact.objects.filter(run=run, path=MODEL).select_related("file").first()
    if found is None:
        raise Invalid("The run's model file was deleted.")
    file = packaging.ModelFile("skops", packaging.NAMES["skops"], found.file.size, found.file.sha256)
    with tempfile.TemporaryDirectory(prefix="model-") as folder, store.local_path(found.file) as path:
        shutil.copyfile(path, Path(folder) / file.name)
        return packaging.load(Path(folder), file)


def _important(run: Run) -> list[str]:
    found = run.curves.filter(name="importance").values_list("data", flat=True).first()
    return [str(name) for name in (found or {}).get("labels", [])]
