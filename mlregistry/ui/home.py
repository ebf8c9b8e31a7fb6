"""The start page: what the team has, what runs now, and the first steps while there is little."""

from typing import Any

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from mlregistry.accounts.models import Team
from mlregistry.jobs.queries.jobs import jobs_of
from mlregistry.ui.page import PageRequest, page

NEWEST = 5
FIRING = Count("alert_rules", filter=Q(alert_rules__state="firing", alert_rules__is_active=True))


@require_GET
@page()
def home(request: PageRequest) -> HttpResponse:
    team = request.actor.team
    live = {"jobs": jobs_of(team, live=True)[:NEWEST]}
    if request.htmx:
        return render(request, "ui/live_jobs.html", live)
    return render(request, "ui/home.html", {**live, **_content(team)})


def _content(team: Team) -> dict[str, Any]:
    """Counts and newest things; read through the team, so that no app above is imported."""
    counts = {
        "problems": team.problems.count(),
        "datasets": team.datasets.filter(last_number__gt=0).count(),
        "experiments": team.experiments.filter(lifecycle="active", runs__isnull=False).distinct().count(),
        "models": team.registered_models.count(),
        "endpoints": team.endpoints.count(),
    }
    return {
        "tiles": _tiles(counts),
        "first_steps": _first_steps(counts),
        "problems": team.problems.order_by("-created_at")[:NEWEST],
        "experiments": team.experiments.filter(lifecycle="active").order_by("-created_at")[:NEWEST],
        "endpoints": team.endpoints.annotate(n_firing=FIRING).order_by("-n_firing", "name")[:NEWEST],
        "alerts": team.quality_alerts.filter(closed_at=None)
        .select_related("dataset", "version", "problem")
        .order_by("-created_at")[:NEWEST],
    }


def _tiles(counts: dict[str, int]) -> list[dict[str, Any]]:
    addresses = {
        "problems": "experiments:problems",
        "datasets": "experiments:datasets",
        "experiments": "experiments:experiments",
        "models": "models_app:models",
        "endpoints": "serving:endpoints",
    }
    return [{"n": n, "title": name, "address": reverse(addresses[name])} for name, n in counts.items()]


def _first_steps(counts: dict[str, int]) -> list[dict[str, Any]]:
    """Empty once something is served."""
    steps = [
        (
            "Frame a problem",
            "Say what to predict and when it is good enough.",
            "problems",
            "experiments:problem-create",
        ),
        ("Bring a table", "CSV, Excel, Parquet or JSON lines.", "datasets", "experiments:dataset-create"),
        ("Train", "Several estimators at once, in the background.", "experiments", "experiments:problems"),
        ("Register the best", "On the page of the best run.", "models", "experiments:experiments"),
        ("Serve it", "Behind an endpoint, all traffic or a share.", "endpoints", "serving:endpoint-create"),
    ]
    if counts["endpoints"]:
        return []
    following = next((key for _, _, key, _ in steps if not counts[key]), None)
    return [
        {
            "title": title,
            "text": text,
            "done": counts[key] > 0,
            "next": key == following,
            "address": reverse(name),
        }
        for title, text, key, name in steps
    ]
