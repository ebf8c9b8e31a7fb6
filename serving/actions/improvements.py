"""Improvement studies: start, cancel, keep the result, delete; `improvement_adoptions` takes what won."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from experiments.models import DatasetVersion
from experiments.queries import datasets
from mlregistry.accounts.actions import deletions
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import KeptDeletion, Role
from mlregistry.errors import Conflict, Invalid
from mlregistry.jobs.actions import jobs
from mlregistry.jobs.models import LIVE as LIVE_JOB
from mlregistry.jobs.models import Job
from mlregistry.jobs.queue import enqueue
from mlregistry.ml.improving import plan as ml_plan
from models_app.models import ModelVersion
from serving.models import Endpoint, Improvement
from serving.queries import improvements as queries

KIND = "serving.improve_features"
LEAST_MEMORY_MB, MOST_MEMORY_MB = 2048, 16_384
BYTES_PER_CELL = 100
BESIDE_SECONDS = 3600  # reading, the fit under way when the time is up, the checks
MOST_KEPT = 200  # studies of an endpoint


def start_improvement(
    endpoint: Endpoint,
    version: ModelVersion,
    *,
    plan: Mapping[str, Any],
    dataset_version: DatasetVersion | None = None,
    now: datetime | None = None,
    by: Actor,
) -> Improvement:
    """A job that tries what the facts propose now; one at a time for an endpoint (Conflict)."""
    by.require(Role.EDITOR)
    wanted = ml_plan.parse(plan)
    grounds = queries.grounds(endpoint, version, now=now or timezone.now())
    data = dataset_version or grounds.run.dataset_version
    _check_data(data, grounds, by)
    chosen = _chosen([one.to_json() for one in grounds.proposals], wanted)
    with transaction.atomic():
        hold(endpoint)
        _refuse_second(endpoint)
        row = Improvement.objects.create(
            endpoint=endpoint, version=version, dataset_version=data, data_name=str(data)[:300],
            plan=wanted.to_json(), recipe=grounds.recipe.to_json(), proposals=chosen, created_by=by.user,
        )  # fmt: skip
        row.job = enqueue(
            KIND, args={"improvement_id": row.pk}, team=endpoint.team, title=f"Improve the features of {endpoint.name}",
            memory_mb=_memory_mb(data), timeout_seconds=round(60 * wanted.minutes) + BESIDE_SECONDS, by=by,
        )  # fmt: skip
        row.save(update_fields=["job"])
        record(
            by,
            "improvement.start",
            endpoint,
            improvement=row.pk,
            version=str(version),
            n_proposals=len(chosen),
        )
    return row


def cancel_improvement(row: Improvement, *, by: Actor) -> None:
    """Stops its job; Conflict when it has ended."""
    by.require(Role.EDITOR)
    if not row.is_live or row.job is None:
        raise Conflict("The study has ended already.")
    jobs.cancel(row.job, by=by)


def keep_result(improvement_id: int, result: Mapping[str, Any]) -> None:
    """What the job found; Invalid when somebody has deleted the study meanwhile."""
    if not Improvement.objects.filter(pk=improvement_id).update(result=dict(result)):
        raise Invalid("The study was deleted.")


def delete_improvement(row: Improvement, *, by: Actor) -> KeptDeletion | None:
    """Gone with its result; a job that is still at it is stopped. Conflict while its recipe is adopted."""
    by.require(Role.EDITOR)
    if row.adopted_recipe is not None:
        raise Conflict("Its recipe is adopted for the next retraining; withdraw it first.")
    with transaction.atomic():
        record(by, "improvement.delete", row.endpoint, improvement=row.pk)
        if row.job is not None and row.job.is_live:
            jobs.cancel(row.job, by=by)
        return deletions.delete(row, "improvement study", by=by)


def hold(endpoint: Endpoint) -> None:
    """Until the end of the transaction nobody else starts or adopts a study of it."""
    Endpoint.objects.select_for_update().get(pk=endpoint.pk)


def _check_data(data: DatasetVersion | None, grounds: queries.Grounds, by: Actor) -> None:
    if data is None or data.dataset.team_id != by.team.pk:
        raise Invalid(f"There is no such dataset version in {by.team.name}.", field="dataset_version")
    if grounds.run.problem is not None:
        errors = [found for found in datasets.fit(grounds.run.problem, data) if found.severity == "error"]
        if errors:
            raise Invalid(errors[0].message, field="dataset_version", details=[one.message for one in errors])


def _chosen(proposals: list[dict[str, Any]], plan: ml_plan.Plan) -> list[dict[str, Any]]:
    """Those that are wanted, the most promising first; Invalid when there is none."""
    if not proposals:
        raise Invalid("There is nothing to try: no fact asks for a change of the recipe.", field="endpoint")
    known = {one["key"] for one in proposals}
    for key in plan.only:
        if key not in known:
            raise Invalid(
                f"There is no proposal '{key[:200]}' now; look at the proposals again.", field="only"
            )
    wanted = [one for one in proposals if not plan.only or one["key"] in plan.only]
    return wanted[: plan.most_proposals]


def _refuse_second(endpoint: Endpoint) -> None:
    rows = Improvement.objects.filter(endpoint=endpoint)
    if Job.objects.filter(
        pk__in=rows.filter(result__isnull=True).values("job_id"), state__in=LIVE_JOB
    ).exists():
        raise Conflict(
            f"A study of “{endpoint.name}” is under way; wait for its end or cancel it.", field="endpoint"
        )
    if rows.count() >= MOST_KEPT:
        raise Conflict(f"An endpoint keeps at most {MOST_KEPT} studies; delete some first.", field="endpoint")


def _memory_mb(version: DatasetVersion | None) -> int:
    cells = version.n_rows * version.n_columns if version else 0
    return min(MOST_MEMORY_MB, LEAST_MEMORY_MB + cells * BYTES_PER_CELL // 1024 // 1024)
