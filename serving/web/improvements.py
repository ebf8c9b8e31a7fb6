"""Pages “Improve features”: what the facts propose for an endpoint, one study of it, and their buttons."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from experiments import access as experiments_access
from experiments.models import DatasetVersion
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid, MlregistryError
from mlregistry.ui.page import PageRequest, number, page, whole
from mlregistry.ui.undo import say_kept
from serving import access
from serving.actions import improvement_adoptions as adoptions
from serving.actions import improvements as actions
from serving.models import Endpoint
from serving.queries import drift
from serving.queries import improvements as queries
from serving.web import improvement_figures as figures


@require_http_methods(["GET", "POST"])
@page(change=Role.EDITOR, form=True)
def improvements(request: PageRequest, name: str) -> HttpResponse:
    endpoint = access.endpoint(request.actor, name)
    if request.method == "POST":
        row = actions.start_improvement(
            endpoint, drift.version_of(endpoint), plan=_plan(request.POST), dataset_version=_data(request),
            by=request.actor,
        )  # fmt: skip
        return redirect("serving:improvement", row.pk)
    context = {
        "endpoint": endpoint, "studies": queries.newest(endpoint), "adopted": queries.adopted(endpoint),
        "chosen": request.POST.getlist("only"), **_proposed(endpoint),
    }  # fmt: skip
    return render(request, "serving/improvements.html", context)


@require_GET
@page()
def improvement(request: PageRequest, improvement_id: int) -> HttpResponse:
    row = access.improvement(request.actor, improvement_id)
    context = figures.shown(row)
    if request.htmx:
        answer = render(request, "serving/improvement_live.html", context)
        if not row.is_live:
            answer["HX-Refresh"] = "true"
        return answer
    return render(request, "serving/improvement.html", context)


@require_POST
@page(role=Role.EDITOR)
def cancel(request: PageRequest, improvement_id: int) -> HttpResponse:
    actions.cancel_improvement(access.improvement(request.actor, improvement_id), by=request.actor)
    messages.success(request, "The study is cancelled.")
    return redirect("serving:improvement", improvement_id)


@require_POST
@page(role=Role.EDITOR)
def adopt(request: PageRequest, improvement_id: int) -> HttpResponse:
    row = access.improvement(request.actor, improvement_id)
    why, keys = request.POST.get("why", "").strip(), request.POST.getlist("changes")
    adoptions.adopt_improvement(row, keys=keys or None, why=why, by=request.actor)
    messages.success(request, f"The next retraining of {row.endpoint.name} takes this recipe.")
    return redirect("serving:improvement", improvement_id)


@require_POST
@page(role=Role.EDITOR)
def withdraw(request: PageRequest, improvement_id: int) -> HttpResponse:
    adoptions.withdraw_improvement(access.improvement(request.actor, improvement_id), by=request.actor)
    messages.success(request, "The next retraining takes the recipe of the version it replaces.")
    return redirect("serving:improvement", improvement_id)


@require_POST
@page(role=Role.EDITOR)
def delete(request: PageRequest, improvement_id: int) -> HttpResponse:
    row = access.improvement(request.actor, improvement_id)
    kept = actions.delete_improvement(row, by=request.actor)
    say_kept(request, "The study is deleted.", kept)
    return redirect("serving:improvements", row.endpoint.name)


def _proposed(endpoint: Endpoint) -> dict[str, Any]:
    """What the facts ask for now, or why nothing can be asked."""
    try:
        found = queries.grounds(endpoint, drift.version_of(endpoint), now=timezone.now())
    except MlregistryError as error:
        return {"grounds": None, "reason": error.message}
    data = [(str(one.pk), f"{one}, {one.n_rows:,} rows") for one in queries.offered_data(found.run)]
    return {"grounds": found, "offered": data, "sources": figures.SOURCES}


def _plan(form: QueryDict) -> dict[str, Any]:
    only = form.getlist("only")
    if "proposed" in form and not only:
        raise Invalid("Tick at least one proposal.", field="only")
    return {
        "folds": whole(form.get("folds"), "folds", default=5),
        "repeats": whole(form.get("repeats"), "repeats", default=2),
        "minutes": number(form.get("minutes"), "minutes", default=10.0),
        "only": only or None,
    }


def _data(request: PageRequest) -> DatasetVersion | None:
    key = whole(request.POST.get("dataset_version"), "dataset_version")
    return experiments_access.dataset_version_by_id(request.actor, key) if key else None
