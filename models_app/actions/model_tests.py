"""Model tests of versions: ask for a run, keep what the job found, move aliases that waited. For doors and jobs."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, MlregistryError
from mlregistry.jobs.queue import enqueue
from models_app.actions.aliases import set_alias
from models_app.actions.promotion_requests import requested
from models_app.actions.promotion_reviews import settle_requests
from models_app.models import AwaitedAlias, ModelTestResult, ModelTestRun, ModelVersion, Verdict
from models_app.queries import approvals, gates
from models_app.queries import model_tests as queries

JOB = "models_app.test_version"
TIMEOUT_SECONDS = 1_800
MEMORY_MB = 4_096
MOST_KEPT = 20  # runs of a version


def request_tests(version: ModelVersion, *, by: Actor) -> ModelTestRun:
    """Starts the job, or returns the run that is under way. Conflict for a version that cannot be opened here."""
    by.require(Role.EDITOR)
    if not queries.can_test(version):
        raise Conflict(
            f"{version} has nothing that this server may open: a job of ours must have written its model, or one from"
            " outside must have passed its checks with a closed form.",
            field="version",
        )
    with transaction.atomic():
        ModelVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
        newest = queries.newest_run(version)
        if newest is not None and newest.is_live:
            return newest
        run = ModelTestRun.objects.create(version=version, created_by=by.user)
        run.job = enqueue(
            JOB, args={"test_run_id": run.pk}, team=by.team, title=f"Test {version}", memory_mb=MEMORY_MB,
            timeout_seconds=TIMEOUT_SECONDS, by=by,
        )  # fmt: skip
        run.save(update_fields=["job"])
        record(by, "version.test", version, job=str(run.job.pk))
        _forget_old(version)
    return run


def keep_results(
    run: ModelTestRun, lines: Sequence[dict[str, Any]], *, facts: dict[str, Any], by: Actor
) -> ModelTestRun:
    """Writes the run's lines and its verdict; `facts` are fields of the run. Waiting aliases move or are given up."""
    with transaction.atomic():
        run = (
            ModelTestRun.objects.select_for_update(of=("self",))
            .select_related("version__model")
            .get(pk=run.pk)
        )
        run.results.all().delete()
        ModelTestResult.objects.bulk_create(
            ModelTestResult(run=run, place=place, **line) for place, line in enumerate(lines)
        )
        for name, value in facts.items():
            setattr(run, name, value)
        run.verdict = Verdict.FAILED if gates.blocking(run) else Verdict.PASSED
        run.finished_at = timezone.now()
        run.save()
        record(by, "version.tested", run.version, verdict=run.verdict, counts=run.counts)
    settle_awaited(run.version, by=by)
    return run


def give_up(run: ModelTestRun, why: str, *, by: Actor) -> None:
    """The tests could not be run; that is no pass."""
    with transaction.atomic():
        ModelTestRun.objects.filter(pk=run.pk).update(
            verdict=Verdict.BROKEN, notes={"broken": why[:1_000]}, finished_at=timezone.now()
        )
        record(by, "version.tested", run.version, verdict=Verdict.BROKEN)
    settle_awaited(run.version, by=by)


def settle_awaited(version: ModelVersion, *, by: Actor) -> None:
    """Aliases that waited for this version's tests: they move, or stay with a line in the audit trail that says why.

    Where only a load test is yet to come they go on waiting. What takes approval by now is asked for.
    """
    settle_requests(version, by=by)
    for row in AwaitedAlias.objects.filter(version=version).select_related("asked_by", "version__model"):
        if gates.obstacles_to_alias(row.name, row.version).awaits_load:
            continue
        asked = Actor.system(by.team, user=row.asked_by)
        if approvals.needed_for(row.version, row.name) is not None:
            requested(row.version, row.name, origin=f"The registration of version {version.number}", by=asked)
            row.delete()
            continue
        try:
            set_alias(row.version.model, row.name, row.version, by=asked)
        except MlregistryError as error:
            with transaction.atomic():
                record(
                    asked,
                    "alias.stay",
                    row.version.model,
                    alias=row.name,
                    version=version.number,
                    why=error.message,
                )
                row.delete()


def _forget_old(version: ModelVersion) -> None:
    """The last twenty runs are kept."""
    old = list(queries.runs_of(version).values_list("pk", flat=True)[MOST_KEPT:])
    ModelTestRun.objects.filter(pk__in=old).delete()
