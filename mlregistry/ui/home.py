"""The start page: what runs now, and the cards that the apps bring. Made of a fixed number of statements."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from mlregistry.jobs.queries.jobs import jobs_of
from mlregistry.ui.cards import cards
from mlregistry.ui.page import PageRequest, page

NEWEST = 5


@require_GET
@page()
def home(request: PageRequest) -> HttpResponse:
    live = {"jobs": jobs_of(request.actor.team, live=True)[:NEWEST]}
    if request.htmx:
        return render(request, "ui/live_jobs.html", live)
    return render(request, "ui/home.html", {**live, **cards(request)})
