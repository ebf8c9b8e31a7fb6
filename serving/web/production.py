"""Pages of the past: what was in production at a moment, and the history of one endpoint; both as CSV too."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from mlregistry.csv_text import csv_answer
from mlregistry.errors import Invalid, NotFound
from mlregistry.ui.page import PageRequest, page
from serving import access
from serving.queries import production as queries
from serving.queries.timelines import timeline

MOST_MOVES = 200


@require_GET
@page()
def production(request: PageRequest) -> HttpResponse:
    """A moment that cannot be read is said on the page, which then shows what is now."""
    text, zone = request.GET.get("at", ""), request.GET.get("zone", "")
    try:
        at, place = queries.moment(text, zone), queries.zone_of(zone)
    except Invalid as error:
        request.form_error, at, place = error, timezone.now(), queries.zone_of("")
    found = queries.production(request.actor.team, at)
    context = {
        "found": found, "is_now": not text or request.form_error is not None, "zone": place.key,
        "local": at.astimezone(place), "asked": text,
    }  # fmt: skip
    status = request.form_error.status if request.form_error else 200
    return render(request, "serving/production.html", context, status=status)


@require_GET
@page()
def download(request: PageRequest) -> HttpResponse:
    at = queries.moment(request.GET.get("at", ""), request.GET.get("zone", ""))
    rows = queries.rows_of(queries.production(request.actor.team, at))
    return csv_answer(rows, f"production-{at:%Y-%m-%dT%H%M}.csv")


@require_GET
@page()
def history(request: PageRequest, name: str) -> HttpResponse:
    """Of an endpoint that is there, or of one that was."""
    rows = queries.moves_of(request.actor.team, name)
    moves = list(rows[: MOST_MOVES + 1])
    there = access.endpoints(request.actor).filter(name=name).first()
    if there is None and not moves:
        raise NotFound(f"There is no endpoint “{name}” in {request.actor.team.name}, and there was none.")
    shown = moves[:MOST_MOVES]
    context: dict[str, Any] = {
        "name": name, "endpoint": there, "moves": shown, "is_cut": len(moves) > MOST_MOVES,
        "timeline": timeline(shown[::-1], now=timezone.now()),
    }  # fmt: skip
    return render(request, "serving/history.html", context)


@require_GET
@page()
def history_download(request: PageRequest, name: str) -> HttpResponse:
    """The newest 10,000 changes."""
    moves = queries.moves_of(request.actor.team, name)[:10_000]
    if not moves:
        raise NotFound(f"Nothing is known of an endpoint “{name}” in {request.actor.team.name}.")
    return csv_answer(queries.rows_of_moves(moves), "history.csv")
