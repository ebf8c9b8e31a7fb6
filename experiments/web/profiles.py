"""Pages of profiles: the report of a version, and its cards page by page."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from experiments import access
from experiments.actions import profiles as actions
from experiments.models import DatasetProfile, DatasetVersion, Depth
from experiments.queries import profiles as queries
from mlregistry.accounts.models import Role
from mlregistry.errors import NotFound
from mlregistry.ui.page import PageRequest, page, whole

from . import profile_figures
from .profile_download import download as download_of
from .profile_figures import CARDS_PER_PAGE, ORDERS, Wanted

ALERTS_SHOWN = 100


@require_GET
@page()
def profile(request: PageRequest, dataset_id: int, number: int) -> HttpResponse:
    version = access.dataset_version(request.actor, dataset_id, number)
    context: dict[str, Any] = {"version": version, "dataset": version.dataset, **_states(request, version)}
    row: DatasetProfile | None = context["row"]
    if request.htmx:
        return _state(request, context)
    if row is not None and row.state == "ready":
        context |= _report(request, version, row)
    return render(request, "experiments/profile.html", context)


@require_GET
@page()
def columns(request: PageRequest, dataset_id: int, number: int) -> HttpResponse:
    """Cards of one page, and where the next ones are; swapped in as the person scrolls or filters."""
    version = access.dataset_version(request.actor, dataset_id, number)
    row = _ready(request, version)
    return render(request, "experiments/profile_cards.html", _cards(request, version, row))


@require_POST
@page(role=Role.EDITOR)
def start(request: PageRequest, dataset_id: int, number: int) -> HttpResponse:
    version = access.dataset_version(request.actor, dataset_id, number)
    form = request.POST
    row = actions.start_profile(
        version, depth=form.get("depth") or Depth.QUICK, target=form.get("target"), by=request.actor
    )
    if row.state == "ready":
        messages.success(request, "This profile is here already.")
    address = reverse("experiments:profile", args=[dataset_id, number])
    return redirect(f"{address}?{urlencode({'depth': row.depth, 'target': row.target})}")


@require_GET
@page()
def download(request: PageRequest, dataset_id: int, number: int) -> HttpResponse:
    version = access.dataset_version(request.actor, dataset_id, number)
    return download_of(version, queries.document(_ready(request, version)))


def _state(request: PageRequest, context: dict[str, Any]) -> HttpResponse:
    """How far the job is; once nothing runs any more the whole page is read again."""
    response = render(request, "experiments/profile_state.html", context)
    if context["pending"] is None:
        response["HX-Refresh"] = "true"
    return response


def _states(request: PageRequest, version: DatasetVersion) -> dict[str, Any]:
    row = _chosen(request, version)
    return {
        "row": row,
        "pending": queries.pending(version),
        "others": list(queries.profiles_of(version)),
        "targets": [column["name"] for column in version.columns],
        "n_versions": version.dataset.last_number,
    }


def _chosen(request: PageRequest, version: DatasetVersion) -> DatasetProfile | None:
    query = request.GET
    return queries.chosen(version, depth=query.get("depth", ""), target=query.get("target"))


def _ready(request: PageRequest, version: DatasetVersion) -> DatasetProfile:
    row = _chosen(request, version)
    if row is None:
        raise NotFound("There is no such profile yet.")
    return row


def _report(request: PageRequest, version: DatasetVersion, row: DatasetProfile) -> dict[str, Any]:
    found = queries.document(row)
    return {
        "profile": found,
        "alerts": found.alerts[:ALERTS_SHOWN],
        "orders": [(key, title) for key, (title, _) in ORDERS.items()],
        "heat_maps": profile_figures.heat_maps(found),
        **profile_figures.overview(found),
        **_cards(request, version, row),
    }


def _cards(request: PageRequest, version: DatasetVersion, row: DatasetProfile) -> dict[str, Any]:
    query = request.GET
    place = max(0, min(10_000, whole(query.get("page"), "page")))
    wanted = Wanted(
        name=query.get("q", "")[:200].strip(),
        kind=query.get("kind", ""),
        alert=query.get("alert", ""),
        order=query.get("order") or "table",
        page=place,
    )
    cards, n_cards = profile_figures.cards(queries.document(row), wanted)
    chosen = {"depth": row.depth, "target": row.target}
    here = {"q": wanted.name, "kind": wanted.kind, "alert": wanted.alert, "order": wanted.order}
    address = reverse("experiments:profile-columns", args=[version.dataset_id, version.number])
    more = f"{address}?{urlencode({**chosen, **here, 'page': place + 1})}"
    return {
        "cards": cards,
        "n_cards": n_cards,
        "wanted": wanted,
        "row": row,
        "next_address": more if (place + 1) * CARDS_PER_PAGE < n_cards else "",
    }
