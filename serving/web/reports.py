"""Pages of reports: an endpoint's with the form of their schedule, one of them to read and print, and buttons."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.notices.actions.choosing import offered, ticked
from mlregistry.ui.page import PageRequest, page, whole
from serving import access
from serving.actions import report_schedules
from serving.actions import reports as actions
from serving.models import Rhythm
from serving.queries import reports as queries
from serving.web import report_figures

RHYTHMS = [(value, label) for value, label in Rhythm.choices if value != Rhythm.ASKED]
DAYS = {"1": "the last 24 hours", "7": "the last 7 days", "30": "the last 30 days", "90": "the last 90 days"}


@require_http_methods(["GET", "POST"])
@page(change=Role.EDITOR, form=True)
def reports(request: PageRequest, name: str) -> HttpResponse:
    endpoint = access.endpoint(request.actor, name)
    if request.method == "POST":
        report_schedules.schedule_reports(
            endpoint, rhythm=request.POST.get("rhythm", ""), hour=whole(request.POST.get("hour"), "hour", default=6),
            enabled="enabled" in request.POST, by=request.actor,
            channels=ticked(request.actor, request.POST.getlist("channels")),
        )  # fmt: skip
        messages.success(request, "The schedule is saved.")
        return redirect("serving:reports", name)
    schedule = queries.schedule_of(endpoint)
    context = {
        "endpoint": endpoint, "schedule": schedule, "lines": report_figures.listed(queries.newest(endpoint)),
        "rhythms": RHYTHMS, "days": DAYS, **_offered(request, schedule),
    }  # fmt: skip
    return render(request, "serving/reports.html", context)


@require_POST
@page(role=Role.EDITOR)
def make(request: PageRequest, name: str) -> HttpResponse:
    endpoint = access.endpoint(request.actor, name)
    days = request.POST.get("days", "7")
    if days not in DAYS:
        raise Invalid("Choose a time from the list.", field="days")
    until = timezone.now()
    row = actions.ask_report(endpoint, until - timedelta(days=int(days)), until, by=request.actor)
    return redirect("serving:report", row.pk)


@require_GET
@page()
def report(request: PageRequest, report_id: int) -> HttpResponse:
    row = access.report(request.actor, report_id)
    answer = render(request, "serving/report.html", report_figures.shown(row))
    if request.htmx and not row.is_live:
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
@page(role=Role.EDITOR)
def delete(request: PageRequest, report_id: int) -> HttpResponse:
    row = access.report(request.actor, report_id)
    actions.delete_report(row, by=request.actor)
    messages.success(request, "The report is deleted.")
    return redirect("serving:reports", row.endpoint.name)


def _offered(request: PageRequest, schedule: Any) -> dict[str, Any]:
    used = schedule.channels.all() if schedule.pk else None
    again = request.POST.getlist("channels") if request.form_error is not None else None
    return offered(request.actor, used, again)
