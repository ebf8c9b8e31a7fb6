"""The page of a version's model card, its form, and the Markdown to take away."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from mlregistry.accounts.models import Role
from mlregistry.rest_uploads import downloaded
from mlregistry.ui.page import PageRequest, page
from models_app import access
from models_app.actions.cards import write_card
from models_app.card_markdown import markdown
from models_app.queries.cards import card as card_of
from models_app.queries.cards import completeness
from models_app.queries.formats import forms_of
from models_app.queries.lineage import curves_of
from models_app.web.model_tests import line_context


@require_GET
@page()
def card(request: PageRequest, name: str, number: int) -> HttpResponse:
    found = access.version(request.actor, name, number)
    shown, tests = card_of(found), line_context(found)
    context = {
        "version": found,
        "model": found.model,
        "card": shown,
        "complete": completeness(shown, is_tested=tests["standing"].run is not None),
        **tests,
        "curves": curves_of(found),
        "forms": forms_of(found),
    }
    return render(request, "models_app/card.html", context)


@require_POST
@page(role=Role.EDITOR)
def write(request: PageRequest, name: str, number: int) -> HttpResponse:
    found, form = access.version(request.actor, name, number), request.POST
    write_card(
        found,
        intended_use=form.get("intended_use", "").strip(),
        limits=form.get("limits", "").strip(),
        by=request.actor,
    )
    messages.success(request, "The card is kept.")
    return redirect("models_app:card", name, number)


@require_GET
@page()
def download(request: PageRequest, name: str, number: int) -> HttpResponse:
    found = access.version(request.actor, name, number)
    return downloaded(markdown(card_of(found)), f"card-v{number}.md", "text/markdown")
