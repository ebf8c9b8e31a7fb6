"""Checks of drift: one for each version of an endpoint every so often, or when somebody asks; and their upkeep.

The scheduler calls the chore `tend`, the jobs of `serving.workers.drift` the rest.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid, MlregistryError
from mlregistry.jobs.models import LIVE as LIVE_JOB
from mlregistry.jobs.models import Job
from mlregistry.jobs.queue import enqueue
from mlregistry.ml.drift.report import DriftReport
from models_app.models import ModelVersion
from serving.actions import drift_baselines, drift_counts, drift_watches
from serving.models import BaselineState, DriftCheck, DriftVerdict, Endpoint
from serving.queries import drift, drift_streams, quality
from serving.queries.drift import Window

KIND, WATCH_KIND = "serving.check_drift", "serving.watch_drift"
REPORTS_KEPT, CHECKS_KEPT = timedelta(days=90), timedelta(days=400)
DIGITS = 6
Beyond = Callable[[DriftCheck], dict[str, Any]]


def tend(now: datetime | None = None) -> int:
    """A chore: asks for the baselines, countings and checks that are missing; how many endpoints are to be checked."""
    now = now or timezone.now()
    drift_baselines.ask_missing()
    drift_baselines.settle()
    drift_counts.ask_to_count(now)
    drift_watches.watch_all(now)
    busy = set(
        Job.objects.filter(kind=WATCH_KIND, state__in=LIVE_JOB).values_list("args__endpoint_id", flat=True)
    )
    due = [watch for watch in drift_watches.due(now) if watch.endpoint_id not in busy]
    for watch in due:
        args = {"endpoint_id": watch.endpoint_id, "at": now.isoformat()}
        title = f"Look at the drift of {watch.endpoint.name}"
        enqueue(WATCH_KIND, args=args, team=watch.endpoint.team, title=title, by=None)
    return len(due)


def forget_old(now: datetime | None = None) -> None:
    """A chore: counters, reports and checks of long ago."""
    now = now or timezone.now()
    drift_counts.forget_old(now)
    DriftCheck.objects.filter(at__lt=now - CHECKS_KEPT).delete()
    DriftCheck.objects.filter(at__lt=now - REPORTS_KEPT).filter(report__isnull=False).update(report=None)


def ask_check(
    endpoint: Endpoint, version: ModelVersion, of: Window, *, exact: bool = False, by: Actor
) -> DriftCheck:
    """A check of that window by a job, which first counts what is logged but not counted yet.

    With `exact` it goes through the rows of the log themselves.
    """
    by.require(Role.EDITOR)
    if not drift.can_be_compared(version):
        raise Invalid(drift.why_not(version), field="version")
    with transaction.atomic():
        check = DriftCheck.objects.create(
            endpoint=endpoint, version=version, since=of.since, until=of.until, at=timezone.now(), exact=exact,
            created_by=by.user,
        )  # fmt: skip
        check.job = enqueue(
            KIND,
            args={"check_id": check.pk},
            team=endpoint.team,
            title=f"Drift of {endpoint.name}",
            by=by,
        )
        check.save(update_fields=["job"])
        record(by, "drift.check", endpoint, version=str(version), since=str(of.since), until=str(of.until))
    return check


def check_endpoint(endpoint: Endpoint, now: datetime, beyond: Beyond | None = None) -> list[DriftCheck]:
    """The newest window of each version behind the endpoint; where nothing was asked there is nothing to tell.

    Called again for the same time, it does what is left to do. `beyond` tells what goes through rows themselves.
    """
    of = drift.newest_window(drift.watch_of(endpoint).window_hours, now=now)
    found = []
    done = DriftCheck.objects.filter(endpoint=endpoint, at=now).values("version_id")
    for version in _watched_versions(endpoint).exclude(pk__in=done):
        check = DriftCheck(endpoint=endpoint, version=version, since=of.since, until=of.until, at=now)
        report = _from_counters(check)
        if report.n_current:
            found.append(_kept(check, report, beyond))
    return found


def complete(
    check: DriftCheck,
    compare: Callable[[DriftCheck], DriftReport] | None = None,
    beyond: Beyond | None = None,
) -> DriftCheck:
    """Compares, from counters if nothing else is given, and keeps what came out; what cannot be compared says why."""
    try:
        return _kept(check, (compare or _from_counters)(check), beyond)
    except MlregistryError as error:
        check.error = error.message
        check.save(update_fields=["error"])
        return check


def _kept(check: DriftCheck, report: DriftReport, beyond: Beyond | None) -> DriftCheck:
    for name, value in _figures(report).items():
        setattr(check, name, value)
    check.quality = quality.of_window(check.endpoint, check.version, _window(check)).to_json()
    check.beyond = {
        "streams": drift_streams.followed(check.endpoint, check.version, check.until),
        "two_sample": beyond(check) if beyond else {},
    }
    check.error = ""
    check.save()
    return check


def _from_counters(check: DriftCheck) -> DriftReport:
    return drift.report(check.endpoint, check.version, _window(check))


def _window(check: DriftCheck) -> Window:
    return Window(check.since, check.until)


def _watched_versions(endpoint: Endpoint) -> QuerySet[ModelVersion]:
    rows = ModelVersion.objects.filter(
        variants__endpoint=endpoint, drift_baseline__state=BaselineState.READY
    ).select_related("model")
    return rows.distinct().order_by("pk")


def _figures(report: DriftReport) -> dict[str, Any]:
    return {
        "verdict": _verdict(report), "n_rows": report.n_current, "n_compared": report.n_compared,
        "n_drifted": report.n_drifted, "n_alarms": sum(column.alarms for column in report.columns),
        "report": _brief(report),
    }  # fmt: skip


def _verdict(report: DriftReport) -> DriftVerdict:
    if report.drifted is None:
        return DriftVerdict.TOO_FEW
    if report.drifted:
        return DriftVerdict.DRIFT
    return DriftVerdict.COLUMNS if any(column.alarms for column in report.columns) else DriftVerdict.QUIET


def _brief(report: DriftReport) -> dict[str, Any]:
    """As JSON, the bars of its drawings to six digits: they are but looked at."""
    found = report.to_json()
    for column in found["columns"]:
        drawing = column["drawing"] or {}
        for name in ("reference", "current", "edges"):
            if name in drawing:
                drawing[name] = [float(f"{value:.{DIGITS}g}") for value in drawing[name]]
    return found
