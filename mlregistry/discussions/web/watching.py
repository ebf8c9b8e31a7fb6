"""The page of what I watch and how I want to be told."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from mlregistry.discussions.actions import tellings as actions
from mlregistry.discussions.models import Manner
from mlregistry.discussions.queries.watches import MOST_SHOWN, watched
from mlregistry.ui.page import PageRequest, page


@page(form=True)
def watching(request: PageRequest) -> HttpResponse:
    """One's own choices and list; what somebody made without a word more is watched too, and not in the list."""
    if request.method == "POST":
        form = request.POST
        actions.choose(mentions=form.get("mentions", ""), watched=form.get("watched", ""), by=request.actor)
        messages.success(request, "Your choice is saved.")
        return redirect("discussions:watching")
    context = {
        "telling": actions.chosen(request.actor),
        "manners": Manner.choices,
        "watched": watched(request.actor),
        "most": MOST_SHOWN,
        "has_email": bool(request.actor.user and request.actor.user.email),
    }
    return render(request, "discussions/watching.html", context)
