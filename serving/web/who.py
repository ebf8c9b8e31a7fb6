"""The page that says who can see a thing, and why."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from mlregistry.accounts.queries.visibility import who_sees
from mlregistry.discussions.nouns import thing_in_address
from mlregistry.ui.page import PageRequest, page


@require_GET
@page()
def who(request: PageRequest, noun: str, key: str) -> HttpResponse:
    thing = thing_in_address(request.actor, noun, key)
    found = who_sees(request.actor, predicts=noun == "endpoint", run=thing.row.pk if noun == "run" else None)
    return render(request, "serving/who.html", {"thing": thing, "found": found})
