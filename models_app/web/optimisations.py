"""Pages of optimisations: what to try, candidates beside the version, and the buttons that make versions of them."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mlregistry.accounts.models import Role
from mlregistry.jobs import wake
from mlregistry.ml.optimising.wish import TOLERANCE, Wish
from mlregistry.ui.page import PageRequest, number, page, whole
from models_app import access
from models_app.actions import optimisations as actions
from models_app.models import ModelVersion, Optimisation
from models_app.queries import optimisation_lines as lines
from models_app.queries import optimisations as queries


@require_http_methods(["GET", "POST"])
@page(change=Role.EDITOR, form=True)
def optimise(request: PageRequest, name: str, number: int) -> HttpResponse:
    """The form, with the newest optimisation under it."""
    version = access.version(request.actor, name, number)
    if request.method == "POST":
        found = actions.request_optimisation(version, wish=_wish(request.POST, version), by=request.actor)
        return redirect("models_app:optimisation", name, number, found.pk)
    wake.expect()
    newest = queries.optimisations_of(version).first()
    return render(request, "models_app/optimisation.html", _context(request, version, newest))


@require_GET
@page()
def optimisation(request: PageRequest, name: str, number: int, optimisation_id: int) -> HttpResponse:
    found = access.optimisation(request.actor, name, number, optimisation_id)
    if not request.htmx:
        return render(request, "models_app/optimisation.html", _context(request, found.version, found))
    answer = render(request, "models_app/optimisation_live.html", {"shown": found, **_named(found.version)})
    if not found.is_live:
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
@page(role=Role.EDITOR)
def cancel(request: PageRequest, name: str, number: int, optimisation_id: int) -> HttpResponse:
    found = access.optimisation(request.actor, name, number, optimisation_id)
    actions.cancel_optimisation(found, by=request.actor)
    messages.success(request, "The optimisation is being cancelled.")
    return redirect("models_app:optimisation", name, number, optimisation_id)


@require_POST
@page(role=Role.EDITOR)
def take(request: PageRequest, name: str, number: int, optimisation_id: int) -> HttpResponse:
    place = whole(request.POST.get("place"), "place")
    candidate = access.optimised_candidate(request.actor, name, number, optimisation_id, place)
    alias = request.POST.get("alias", "").strip()
    made = actions.take(candidate, alias=alias, by=request.actor)
    told = f"; “{alias}” points at it, or will once its tests pass" if alias else ""
    messages.success(request, f"“{candidate.title}” is version {made.number} of “{name}”{told}.")
    return redirect("models_app:version", name, made.number)


def _wish(form: QueryDict, version: ModelVersion) -> dict[str, Any]:
    """The form in the words of the action; costs that are all left out are none."""
    n = queries.n_classes(version)
    cells = (
        [[form.get(f"cost-{true}-{told}", "") for told in range(n)] for true in range(n)] if n == 2 else []
    )
    given = any(cell.strip() for row in cells for cell in row)
    return {
        "methods": form.getlist("methods"),
        "tolerance": number(form.get("tolerance"), "tolerance", default=TOLERANCE),
        "costs": [[number(cell, "costs", default=0.0) for cell in row] for row in cells] if given else None,
        "n_members": whole(form.get("n_members"), "n_members", default=Wish.n_members),
    }


def _context(request: PageRequest, version: ModelVersion, shown: Optimisation | None) -> dict[str, Any]:
    sent = request.POST if request.form_error else None
    why = queries.why_not(version)
    return {
        **_named(version),
        "why_not": why,
        "groups": [] if why else lines.choices_of(version, sent.getlist("methods") if sent else None),
        "costs": lines.cost_cells(version, sent),
        "tolerance": sent.get("tolerance", "") if sent else TOLERANCE,
        "n_members": sent.get("n_members", "") if sent else Wish.n_members,
        "tolerance_help": ""
        if why
        else f"How much worse {queries.title_of_metric(version)} may become on held-out rows.",
        "is_open": shown is None or request.form_error is not None,
        "shown": shown,
        "earlier": queries.optimisations_of(version)[: actions.MOST_KEPT],
        "tiles": lines.tiles_of(version),
        "form_error": request.form_error,
        **(lines.report_of(shown) if shown and shown.finished_at else {}),
    }


def _named(version: ModelVersion) -> dict[str, Any]:
    return {"version": version, "model": version.model}
