"""The page “Monitoring” of an endpoint: its drift in a window, the history of checks, quality; and its buttons."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, Invalid
from mlregistry.ui.page import PageRequest, page
from models_app.models import ModelVersion
from serving import access
from serving.actions import drift_baselines, drift_checks
from serving.models import Endpoint
from serving.queries import drift
from serving.queries import drift_baselines as baselines
from serving.web import beyond_figures, drift_figures, quality_figures, traffic_figures

WINDOWS = {"24h": ("24 hours", 24), "7d": ("7 days", 7 * 24), "30d": ("30 days", 30 * 24)}
NEWEST = 12
LEAST_HISTORY = 7 * 24  # hours
LONGEST_NUMBER = 9


@require_GET
@page()
def monitoring(request: PageRequest, name: str) -> HttpResponse:
    endpoint = access.endpoint(request.actor, name)
    versions = drift.versions(endpoint)
    version = _version(endpoint, request.GET)
    chosen = request.GET.get("window", "24h")
    chosen = chosen if chosen in WINDOWS else "24h"
    hours, now = WINDOWS[chosen][1], timezone.now()
    window = drift.newest_window(hours, now=now)
    context: dict[str, Any] = {
        "endpoint": endpoint, "version": version, "versions": versions, "windows": WINDOWS, "chosen": chosen,
        "window": window, **_state(endpoint, version), **_report(endpoint, version, window),
        **_history(endpoint, version, now - timedelta(hours=max(hours, LEAST_HISTORY))),
        "traffic": traffic_figures.shown(endpoint, window.since, window.until, now),
    }  # fmt: skip
    answer = render(request, "serving/monitoring.html", context)
    if request.htmx and context["report"] is not None:
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
@page(role=Role.EDITOR)
def check(request: PageRequest, name: str) -> HttpResponse:
    endpoint = access.endpoint(request.actor, name)
    hours = WINDOWS.get(request.POST.get("window", ""), WINDOWS["24h"])[1]
    window = drift.newest_window(hours, now=timezone.now())
    version, exact = _version(endpoint, request.POST), "exact" in request.POST
    made = drift_checks.ask_check(endpoint, version, window, exact=exact, by=request.actor)
    messages.success(request, f"The check of {made.version} is on its way; its verdict joins the list below.")
    return redirect("serving:monitoring", name)


@require_POST
@page(role=Role.EDITOR)
def baseline(request: PageRequest, name: str) -> HttpResponse:
    endpoint = access.endpoint(request.actor, name)
    drift_baselines.ask_again(_version(endpoint, request.POST), by=request.actor)
    messages.success(request, "The baseline is made once more.")
    return redirect("serving:monitoring", name)


def _version(endpoint: Endpoint, asked: QueryDict) -> ModelVersion:
    model, _, digits = asked.get("version", "").rpartition("/")
    if not digits:
        return drift.version_of(endpoint)
    if not digits.isdecimal() or len(digits) > LONGEST_NUMBER:
        raise Invalid("Choose a version from the list.", field="version")
    return drift.version_of(endpoint, model=model, number=int(digits))


def _state(endpoint: Endpoint, version: ModelVersion) -> dict[str, Any]:
    watch = drift.watch_of(endpoint)
    return {
        "baseline": baselines.of_version(version),
        "watch": watch,
        "watch_share": drift.declaration(endpoint).drifted_share,
        "waiting": drift.n_uncounted(endpoint, version),
    }


def _history(endpoint: Endpoint, version: ModelVersion, since: datetime) -> dict[str, Any]:
    checks = drift.history(endpoint, version, since)
    return {
        "checks": checks[-NEWEST:][::-1],
        "tones": drift_figures.TONES,
        "chart": drift_figures.history(checks),
        "quality": quality_figures.shown(checks),
        "beyond": beyond_figures.shown(checks),
    }


def _report(endpoint: Endpoint, version: ModelVersion, window: drift.Window) -> dict[str, Any]:
    try:
        found = drift.report(endpoint, version, window)
    except Conflict as error:
        return {"report": None, "reason": error.message}
    tone, sentence = drift_figures.verdict(found)
    return {
        "report": found,
        "tone": tone,
        "sentence": sentence,
        "lines": drift_figures.lines(found),
        "correction": drift_figures.CORRECTIONS[found.correction],
    }
