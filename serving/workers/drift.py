"""The jobs of drift: serving.make_baseline, count_predictions, watch_drift, check_drift. No request waits for them."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from mlregistry.errors import MlregistryError, NotFound
from mlregistry.jobs.context import JobCancelled, JobContext
from mlregistry.jobs.patience import AWAY
from serving.actions import drift_baselines, drift_checks
from serving.actions.drift_counts import PATIENCE, count_some
from serving.models import DriftBaseline, DriftCheck, Endpoint
from serving.workers.drift_baseline import made
from serving.workers.drift_exact import exact_report
from serving.workers.drift_together import told_apart

MOST_BATCHES = 2_000


def make_baseline(context: JobContext, *, baseline_id: int) -> dict[str, Any]:
    """Returns of how many rows and columns; where there is nothing to compare with, the row says why."""
    rows = DriftBaseline.objects.select_related(
        "version__model__team", "version__run__dataset_version", "version__run__problem"
    )
    row = rows.prefetch_related("version__files__file").filter(pk=baseline_id).first()
    if row is None:
        raise NotFound("The version was deleted.")
    try:
        found = made(row, context.report)
    except (JobCancelled, *AWAY):
        raise
    except MlregistryError as error:
        drift_baselines.give_up(row, error.message)
        context.log(error.message)
        return {"n_rows": 0, "n_columns": 0, "why": error.message}
    except Exception as error:  # a file that cannot be read may raise anything
        drift_baselines.give_up(row, f"It could not be made: {type(error).__name__}: {error}")
        raise
    baseline, counters = found.laid_out()
    drift_baselines.keep_baseline(row, baseline, counters, calibration=found.calibration, notes=found.notes)
    context.report(1.0, f"{counters.n_rows:,} rows of {len(baseline.columns)} columns")
    return {"n_rows": counters.n_rows, "n_columns": len(baseline.columns)}


def count_predictions(context: JobContext, *, endpoint_id: int) -> dict[str, int]:
    """Returns how many rows were counted; what is left waits for the next job."""
    endpoint = Endpoint.objects.filter(pk=endpoint_id).first()
    if endpoint is None:
        raise NotFound("The endpoint is gone.")
    return {"n_rows": _count(context, endpoint, until=_long_ago())}


def watch_drift(context: JobContext, *, endpoint_id: int, at: str) -> dict[str, int]:
    """The checks that are due at the time `at`, one for each version behind the endpoint; returns how many."""
    endpoint = Endpoint.objects.select_related("team", "problem").filter(pk=endpoint_id).first()
    if endpoint is None:
        raise NotFound("The endpoint is gone.")
    _count(context, endpoint, until=_long_ago())
    checks = drift_checks.check_endpoint(endpoint, datetime.fromisoformat(at), told_apart)
    context.report(1.0, ", ".join(check.get_verdict_display() for check in checks) or "nothing to compare")
    return {"n_checks": len(checks)}


def check_drift(context: JobContext, *, check_id: int) -> dict[str, Any]:
    """Counts what waits first, so that what was logged before the question is in the answer."""
    rows = DriftCheck.objects.select_related("endpoint__team", "endpoint__problem", "version__model")
    check = rows.filter(pk=check_id).first()
    if check is None:
        raise NotFound("The endpoint or the check is gone.")
    _count(context, check.endpoint)
    context.report(0.9, "Comparing")
    done = drift_checks.complete(check, exact_report if check.exact else None, told_apart)
    context.report(1.0, done.error or done.get_verdict_display())
    return {"verdict": done.verdict, "n_drifted": done.n_drifted}


def _long_ago() -> datetime:
    """Rows that were stored later are left to the process that stored them."""
    return timezone.now() - PATIENCE


def _count(context: JobContext, endpoint: Endpoint, until: datetime | None = None) -> int:
    n_rows = 0
    for _ in range(MOST_BATCHES):
        n_counted = count_some(endpoint, until=until)
        if not n_counted:
            break
        n_rows += n_counted
        context.report(0.5, f"{n_rows:,} rows counted")
    return n_rows
