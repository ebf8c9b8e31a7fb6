"""Compares selection methods for one study, in the job's own process; named in settings.JOB_KINDS."""

from typing import Any

import pandas as pd
from django.db import transaction

from experiments.models import SelectionStudy
from experiments.queries.datasets import local_paths
from experiments.queries.problems import spec_of
from mlregistry.errors import Invalid
from mlregistry.jobs.context import JobCancelled, JobContext
from mlregistry.jobs.models import Job
from mlregistry.ml import tables
from mlregistry.ml.recipes import parse as parse_recipe
from mlregistry.ml.selection import plan as ml_plan
from mlregistry.ml.selection import study as ml_study


def select_features(context: JobContext, *, study_id: int) -> dict[str, Any]:
    """Write the study's result; returns its advice."""
    study = _study(study_id)
    context.report(0.0, "Reading the dataset")
    frame = _frame(study)
    result = ml_study.compare_methods(
        spec_of(study.problem),
        parse_recipe(study.recipe, kind=study.problem.kind),
        frame,
        ml_plan.parse(study.plan),
        context.report,
    )
    with transaction.atomic():
        if not Job.objects.select_for_update().filter(pk=context.job_id, attempt=context.attempt).exists():
            raise JobCancelled  # another attempt has the job
        if not SelectionStudy.objects.filter(pk=study_id).update(result=result.to_json()):
            raise Invalid("The study was deleted.")
    context.log(result.advice.text)
    return {"advice": result.advice.text}


def _study(study_id: int) -> SelectionStudy:
    rows = SelectionStudy.objects.select_related("problem", "dataset_version")
    study = rows.filter(pk=study_id).first()
    if study is None:
        raise Invalid("The study was deleted.")
    return study


def _frame(study: SelectionStudy) -> pd.DataFrame:
    if study.dataset_version is None:
        raise Invalid(f"The dataset version {study.data_name} was deleted.", field="dataset_version")
    with local_paths(study.dataset_version) as paths:
        return tables.load(paths)
