"""The page before an alias moves: what changes for whom, and whether it takes approval. And two versions compared."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from mlregistry.accounts.models import Role
from mlregistry.ui.page import PageRequest, page
from models_app import access
from models_app.actions.alias_names import check_form
from models_app.queries import approvals, gates
from models_app.queries.alias_moves import MOST_SHOWN, moves_of
from models_app.queries.version_diffs import diff_of
from models_app.web.approvals import checked_number


@require_GET
@page(role=Role.EDITOR)
def move(request: PageRequest, name: str) -> HttpResponse:
    """Nothing is changed here: the form on it does."""
    alias = request.GET.get("alias", "").strip()
    check_form(alias)
    version = access.version(request.actor, name, checked_number(request.GET.get("version", ""), "version"))
    key = approvals.holder(version.model, alias)
    former = access.versions(request.actor).filter(pk=key).first() if key else None
    policy = approvals.needed_for(version, alias)
    context = {
        "model": version.model, "version": version, "alias": alias, "former": former, "policy": policy,
        "open_request": next((row for row in approvals.open_requests(version) if row.alias == alias), None),
        "obstacles": gates.obstacles_to_alias(alias, version),
        "serving_former": former.variants.select_related("endpoint") if former else [],
        "serving_new": version.variants.select_related("endpoint"),
        "diff": diff_of(former, version) if former is not None and former.pk != version.pk else None,
    }  # fmt: skip
    return render(request, "models_app/alias_move.html", context)


@require_GET
@page()
def compare(request: PageRequest, name: str) -> HttpResponse:
    """Any two versions; the two newest where none are named."""
    model = access.model(request.actor, name)
    rows = access.versions(request.actor).filter(model=model).order_by("-number")
    numbers = list(rows.values_list("number", flat=True)[:500])
    first, second = request.GET.get("first", ""), request.GET.get("second", "")
    if not (first and second):
        newest = [*numbers[:2][::-1], *numbers[:1]]
        first, second = (first or str(newest[0]), second or str(newest[1])) if numbers else ("", "")
    diff = None
    if numbers:
        pair = [
            access.version(request.actor, name, checked_number(one, "version")) for one in (first, second)
        ]
        diff = diff_of(*pair)
    return render(request, "models_app/compare.html", {"model": model, "numbers": numbers, "diff": diff})


@require_GET
@page()
def history(request: PageRequest, name: str) -> HttpResponse:
    """Where the model's aliases pointed."""
    model = access.model(request.actor, name)
    context = {"model": model, "moves": moves_of(model)[:MOST_SHOWN], "most": MOST_SHOWN}
    return render(request, "models_app/alias_history.html", context)
