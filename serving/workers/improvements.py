"""Tries what the facts propose for an endpoint's recipe, in the job's own process; named in settings.JOB_KINDS."""

from datetime import timedelta
from typing import Any

import pandas as pd
from django.db import transaction
from django.utils import timezone

from experiments.queries.datasets import local_paths
from experiments.queries.provenance import spec_for
from mlregistry.errors import Invalid, NotFound
from mlregistry.jobs.context import JobCancelled, JobContext
from mlregistry.jobs.models import Job
from mlregistry.ml import recipes, tables
from mlregistry.ml.improving import plan as ml_plan
from mlregistry.ml.improving import study
from mlregistry.ml.improving.results import Result
from serving.actions.improvements import keep_result
from serving.models import Improvement
from serving.queries.improvements import trained_run
from serving.queries.labelled_tables import labelled_rows

LIVE_FOR = timedelta(days=90)


def improve_features(context: JobContext, *, improvement_id: int) -> dict[str, Any]:
    """Writes the study's result; returns its advice."""
    row = _row(improvement_id)
    spec = spec_for(trained_run(row.version))
    if spec is None:
        raise Invalid("The problem of the version is gone.", field="problem")
    context.report(0.0, "Reading the dataset")
    context.phase("read")
    frame, live = _frame(row), _live(row, spec.target)
    context.log(
        f"{len(row.proposals)} proposals on {len(frame):,} rows; {0 if live is None else len(live):,} live ones."
    )
    context.phase("try")
    result = study.improve(
        spec,
        recipes.parse(row.recipe, kind=spec.kind),
        frame,
        [study.Candidate(one["key"], one["title"], one["change"]) for one in row.proposals],
        ml_plan.parse(row.plan),
        context.report,
        live=live,
    )
    _tell(context, row, result)
    with transaction.atomic():
        if not Job.objects.select_for_update().filter(pk=context.job_id, attempt=context.attempt).exists():
            raise JobCancelled  # another attempt has the job
        keep_result(improvement_id, result.to_json())
    return {"advice": result.advice, "winner": result.winner}


def _row(improvement_id: int) -> Improvement:
    rows = Improvement.objects.select_related("endpoint", "version__model", "dataset_version")
    row = rows.filter(pk=improvement_id).first()
    if row is None:
        raise NotFound("The study was deleted.")
    return row


def _frame(row: Improvement) -> pd.DataFrame:
    if row.dataset_version is None:
        raise Invalid(f"The dataset version {row.data_name} was deleted.", field="dataset_version")
    with local_paths(row.dataset_version) as paths:
        return tables.load(paths)


def _live(row: Improvement, target: str) -> pd.DataFrame | None:
    """Answered after the dataset version was made, so that no row of it is among them."""
    now = timezone.now()
    since = now - LIVE_FOR
    if row.dataset_version is not None:
        since = max(since, row.dataset_version.created_at)
    return labelled_rows(row.endpoint, target, since=since, until=now)


def _tell(context: JobContext, row: Improvement, result: Result) -> None:
    """One line for each trial in the job's log."""
    titles = {one["key"]: one["title"] for one in row.proposals}
    for trial in result.trials:
        found = trial.difference
        worth = f"{found.mean:+.4g} ({found.low:+.4g} to {found.high:+.4g})" if found else trial.error
        context.log(f"{titles[trial.key]}: {worth}")
    context.log(result.advice)
