"""Pages of endpoints: the list, the form, one with its split, its figures and a form to try it."""

import json
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mlregistry.accounts.models import Role
from mlregistry.ui.page import PageRequest, page, whole
from models_app import access as models
from serving import access
from serving.actions import endpoints as actions
from serving.actions import feedback as feedback_actions
from serving.actions.endpoints import LOG_MODES
from serving.models import Endpoint
from serving.queries import abtests, live, load_tests, shadows
from serving.queries.alerts import rules_of
from serving.queries.log_counts import log_counts
from serving.web import day_card, splits, trying
from serving.web.alert_shown import rows_of

LARGEST_LIST = 500
SHOWN = timedelta(days=30)
COLORS = 6


@require_GET
@page()
def endpoints(request: PageRequest) -> HttpResponse:
    found = access.endpoints(request.actor).select_related("problem")
    rows = found.prefetch_related("variants__version__model").order_by("name")[:LARGEST_LIST]
    return render(
        request, "serving/endpoints.html", {"endpoints": rows, "any_version": _any_version(request)}
    )


@require_http_methods(["GET", "POST"])
@page(role=Role.EDITOR, form=True)
def create(request: PageRequest) -> HttpResponse:
    if request.method == "POST":
        form = request.POST
        made = actions.create_endpoint(
            form.get("name", "").strip(),
            variants=splits.chosen(request),
            log_mode=form.get("log_mode", "durable"),
            description=form.get("description", "").strip(),
            by=request.actor,
        )
        return redirect("serving:endpoint", made.name)
    context = {
        "versions": splits.offered(request),
        "rows": splits.rows(request, None),
        "log_modes": [(m, m) for m in LOG_MODES],
    }
    return render(request, "serving/endpoint_form.html", context)


@require_GET
@page()
def endpoint(request: PageRequest, name: str) -> HttpResponse:
    found = access.endpoint(request.actor, name)
    statistics = live.variant_statistics(found, since=timezone.now() - SHOWN)
    figures = {"endpoint": found, "statistics": statistics, "slices": _slices(found)}
    figures["log"] = log_counts(found)
    if request.htmx:
        return render(request, "serving/statistics.html", figures)
    tests: dict[str, Any] = {"ab_tests": abtests.newest_of(found.pk), "shadows": shadows.figures(found)}
    tests["versions"] = splits.offered(request)
    tests["day"] = day_card.context(found, timezone.now())
    tests["load_tests"] = load_tests.newest_of(found)
    tests["alert_rows"] = rows_of(rules_of(request.actor, found))
    return render(request, "serving/endpoint.html", {**figures, **tests, **trying.context(request, found)})


@require_POST
@page(role=Role.EDITOR)
def delete(request: PageRequest, name: str) -> HttpResponse:
    actions.delete_endpoint(access.endpoint(request.actor, name), by=request.actor)
    messages.success(request, f"The endpoint “{name}” is deleted.")
    return redirect("serving:endpoints")


@require_POST
@page(role=Role.EDITOR)
def feedback(request: PageRequest, name: str) -> HttpResponse:
    found = access.endpoint(request.actor, name)
    item = {
        "request_id": request.POST.get("request_id", "").strip(),
        "row": whole(request.POST.get("row"), "row"),
        "truth": _truth(request.POST.get("truth", "")),
    }
    feedback_actions.record_feedback(found, [item], by=request.actor)
    messages.success(request, "The truth is recorded; it counts once the prediction is in the log.")
    return redirect("serving:endpoint", found.name)


def _truth(text: str) -> Any:
    """Classes arrive as JSON from the list; a bare word is a text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _any_version(request: PageRequest) -> bool:
    return models.versions(request.actor).exists()


def _slices(endpoint: Endpoint) -> list[dict[str, Any]]:
    """The traffic split as places along a bar of 100."""
    slices, start = [], 0.0
    for place, row in enumerate(endpoint.variants.all()):
        share = float(row.weight)
        slices.append({"variant": row, "start": start, "share": share, "color": place % COLORS + 1})
        start += share
    return slices
