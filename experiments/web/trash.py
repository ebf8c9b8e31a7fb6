"""The page of the trash: what was deleted, to be restored or, by owners, purged for good."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from experiments.actions import trash as actions
from experiments.queries import trash as queries
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.ui.page import PageRequest, page

ON_A_PAGE = 100


@require_GET
@page()
def trash(request: PageRequest) -> HttpResponse:
    team, kind = request.actor.team, request.GET.get("kind", "")
    entries, token = queries.page(
        team.pk, kind=kind, limit=ON_A_PAGE, page_token=request.GET.get("page_token", "")
    )
    context = {
        "entries": entries,
        "next_page_token": token,
        "totals": queries.totals(team.pk),
        "kind": kind,
        "kinds": list(queries.PARTS),
    }
    return render(request, "experiments/trash.html", context)


@require_POST
@page(role=Role.EDITOR)
def restore(request: PageRequest) -> HttpResponse:
    chosen = _chosen(request.POST.getlist("chosen"))
    actions.restore(chosen, by=request.actor)
    messages.success(request, f"{len(chosen):,} restored.")
    return redirect("experiments:trash")


@require_POST
@page(role=Role.OWNER)
def purge(request: PageRequest) -> HttpResponse:
    everything = "everything" in request.POST
    chosen = None if everything else _chosen(request.POST.getlist("chosen"))
    job = actions.start_purge(chosen, by=request.actor)
    return redirect("jobs:job", job.pk)


def _chosen(values: list[str]) -> queries.Selection:
    """From the boxes' values, kind:id."""
    found: dict[str, list[str]] = {kind: [] for kind in queries.PARTS}
    try:
        for value in values:
            kind, _, key = value.partition(":")
            found[kind].append(key)
        return queries.Selection(
            tuple(int(key[:19]) for key in found["experiment"]),
            tuple(UUID(key) for key in found["run"]),
            tuple(UUID(key) for key in found["logged_model"]),
        )
    except (KeyError, ValueError) as error:
        raise Invalid("Choose from the list.", field="chosen") from error
