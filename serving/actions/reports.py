"""Reports of endpoints: made when they are due or asked for, told through channels, deleted.

The scheduler calls the chore `tend`, the job of `serving.workers.reports` keeps what it found.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.db import transaction
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, Invalid
from mlregistry.jobs.actions import jobs
from mlregistry.jobs.models import LIVE as LIVE_JOB
from mlregistry.jobs.queue import enqueue
from mlregistry.notices.actions.notifying import notify
from serving.models import Endpoint, EndpointReport, ReportSchedule, Rhythm
from serving.report_periods import Period, newest, next_due
from serving.report_words import headline, summary

logger = logging.getLogger(__name__)
KIND = "serving.make_report"
LONGEST, SHORTEST = timedelta(days=400), timedelta(hours=1)
MOST_AT_ONCE = 100  # schedules of one round of the chore
MOST_ASKED = 20  # reports of an endpoint that wait or are being made
MOST_KEPT = 500  # of an endpoint; the oldest give way
TIMEOUT_SECONDS = 1800
LONGEST_HEADLINE = 300
MEMORY_MB = 2048


def tend(now: datetime | None = None) -> int:
    """A chore: asks for the reports that are due, each once however many schedulers run; how many were asked for.

    Of periods that passed while no scheduler ran, the last one is made.
    """
    now, n_asked = now or timezone.now(), 0
    with transaction.atomic():
        rows = ReportSchedule.objects.select_for_update(skip_locked=True, of=("self",))
        due = rows.filter(enabled=True, next_at__lte=now).select_related("endpoint__team")[:MOST_AT_ONCE]
        for schedule in due:
            n_asked += _ask_due(schedule, now)
            schedule.next_at = next_due(schedule.rhythm, now, hour=schedule.hour)
            schedule.save(update_fields=["next_at"])
    return n_asked


def ask_report(
    endpoint: Endpoint, since: datetime, until: datetime, *, now: datetime | None = None, by: Actor
) -> EndpointReport:
    """A report of that time by a job; Invalid names the end that is wrong."""
    by.require(Role.EDITOR)
    now = now or timezone.now()
    until = min(until, now)
    if until - since < SHORTEST:
        raise Invalid("“from” must lie at least an hour before “to” and before now.", field="from")
    if until - since > LONGEST:
        raise Invalid(f"A report is about at most {LONGEST.days} days.", field="from")
    with transaction.atomic():
        Endpoint.objects.select_for_update().get(pk=endpoint.pk)
        waiting = EndpointReport.objects.filter(endpoint=endpoint, made_at=None, job__state__in=LIVE_JOB)
        if waiting.count() >= MOST_ASKED:
            raise Conflict(f"{MOST_ASKED} reports of “{endpoint.name}” are being made; wait for them.")
        row = EndpointReport.objects.create(
            endpoint=endpoint, rhythm=Rhythm.ASKED, since=since, until=until, created_by=by.user
        )
        _enqueue(row, by)
        record(by, "report.ask", endpoint, report=row.pk, since=str(since), until=str(until))
    return row


def keep_document(report_id: int, document: Mapping[str, Any], *, now: datetime | None = None) -> None:
    """What the job found, once: a second attempt changes nothing. Those whom the schedule names are told."""
    with transaction.atomic():
        rows = EndpointReport.objects.select_for_update(of=("self",)).select_related("endpoint__team")
        row = rows.filter(pk=report_id).first()
        if row is None:
            raise Invalid("The report was deleted.")
        if row.document is not None:
            return
        row.document, row.made_at, row.error = dict(document), now or timezone.now(), ""
        row.headline = headline(row.document)[:LONGEST_HEADLINE]
        row.save(update_fields=["document", "headline", "made_at", "error"])
        if row.rhythm != Rhythm.ASKED:
            _tell(row)
        _forget_oldest(row.endpoint)


def give_up(report_id: int, why: str) -> None:
    """It cannot be made; the page says why."""
    EndpointReport.objects.filter(pk=report_id, document__isnull=True).update(error=why[:2000])


def delete_report(row: EndpointReport, *, by: Actor) -> None:
    """Gone; a job that is at it is stopped."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        record(by, "report.delete", row.endpoint, report=row.pk, since=str(row.since), until=str(row.until))
        if row.job is not None and row.job.is_live:
            jobs.cancel(row.job, by=by)
        row.delete()


def _ask_due(schedule: ReportSchedule, now: datetime) -> int:
    of = newest(schedule.rhythm, now, hour=schedule.hour)
    row, made = EndpointReport.objects.get_or_create(
        endpoint=schedule.endpoint, rhythm=schedule.rhythm, until=of.until, defaults={"since": of.since}
    )
    if made:
        _enqueue(row, None)
    return int(made)


def _enqueue(row: EndpointReport, by: Actor | None) -> None:
    endpoint = row.endpoint
    row.job = enqueue(
        KIND, args={"report_id": row.pk}, team=endpoint.team, title=f"Report of {endpoint.name}",
        memory_mb=MEMORY_MB, timeout_seconds=TIMEOUT_SECONDS, by=by,
    )  # fmt: skip
    row.save(update_fields=["job"])


def _tell(row: EndpointReport) -> None:
    schedule = ReportSchedule.objects.filter(endpoint=row.endpoint).prefetch_related("channels").first()
    if schedule is None or row.document is None:
        return
    notify(
        "report.made",
        row.headline,
        key=f"report:{row.pk}",
        text="\n".join(summary(row.document)),
        link=f"/reports/{row.pk}/",
        data={
            "endpoint": row.endpoint.name, "report": row.pk, "since": row.since.isoformat(),
            "until": row.until.isoformat(), "rhythm": row.rhythm,
            "api": f"/api/v1/reports/{quote(str(row.pk))}",
        },
        channels=schedule.channels.all(),
        by=Actor.system(row.endpoint.team),
    )  # fmt: skip
    row.told = True
    row.save(update_fields=["told"])


def _forget_oldest(endpoint: Endpoint) -> None:
    rows = EndpointReport.objects.filter(endpoint=endpoint).order_by("-until", "-pk")
    old = list(rows.values_list("pk", flat=True)[MOST_KEPT:])
    EndpointReport.objects.filter(pk__in=old).delete()


def period_of(row: EndpointReport) -> Period:
    return Period(row.since, row.until)
