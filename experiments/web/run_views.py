"""Buttons and forms of saved views of a runs table."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from experiments import access
from experiments.actions import run_views as actions
from experiments.models import RunView
from experiments.web import table_links as links
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.ui.page import PageRequest, page
from mlregistry.ui.undo import say_kept


@require_POST
@page(role=Role.VIEWER)
def create(request: PageRequest, experiment_id: int) -> HttpResponse:
    """The table as it stands, under a name."""
    experiment = access.experiment(request.actor, experiment_id)
    view = actions.create_run_view(
        experiment, request.POST.get("name", ""), links.given_in(request.POST),
        is_shared="is_shared" in request.POST, is_default="is_default" in request.POST, by=request.actor,
    )  # fmt: skip
    messages.success(request, f"The view “{view.name}” is saved.")
    return redirect(_address(view))


@require_POST
@page(role=Role.VIEWER)
def change(request: PageRequest, view_id: int) -> HttpResponse:
    """`act` says what: keep the table's state, rename, share, make it the default, or take that back."""
    view = access.run_view(request.actor, view_id)
    act = request.POST.get("act", "")
    changes: dict[str, dict[str, Any]] = {
        "keep": {"state": links.given_in(request.POST)}, "rename": {"name": request.POST.get("name", "")},
        "share": {"is_shared": True}, "unshare": {"is_shared": False, "is_default": False},
        "default": {"is_default": True}, "ordinary": {"is_default": False},
    }  # fmt: skip
    if act not in changes:
        raise Invalid(f"act is one of {', '.join(changes)}.", field="act")
    actions.update_run_view(view, **changes[act], by=request.actor)
    messages.success(request, f"The view “{view.name}” is changed.")
    return redirect(_address(view))


@require_POST
@page(role=Role.VIEWER)
def delete(request: PageRequest, view_id: int) -> HttpResponse:
    view = access.run_view(request.actor, view_id)
    kept = actions.delete_run_view(view, by=request.actor)
    say_kept(request, f"The view “{view.name}” is deleted.", kept)
    return redirect("experiments:runs-table", view.experiment_id)


def _address(view: RunView) -> str:
    return f"{reverse('experiments:runs-table', args=[view.experiment_id])}?view={view.pk}"
