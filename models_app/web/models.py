"""Pages of registered models: the list, one model with its versions and aliases."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from mlregistry.accounts.models import Role
from mlregistry.ui.page import PageRequest, page, whole
from models_app import access
from models_app.actions import aliases as alias_actions
from models_app.actions import models as actions
from models_app.queries import models as queries

LARGEST_LIST = 500


@require_GET
@page()
def models(request: PageRequest) -> HttpResponse:
    found = queries.with_latest(access.models(request.actor)).order_by("-updated_at")[:LARGEST_LIST]
    return render(request, "models_app/models.html", {"models": found})


@require_GET
@page()
def model(request: PageRequest, name: str) -> HttpResponse:
    found = access.model(request.actor, name)
    mine = access.versions(request.actor).filter(model=found)
    context = {
        "model": found,
        "versions": queries.with_details(mine).order_by("-number")[:LARGEST_LIST],
        "aliases": found.aliases.select_related("version").order_by("name"),
        "metric": found.problem.primary_metric if found.problem else "",
    }
    return render(request, "models_app/model.html", context)


@require_POST
@page(role=Role.EDITOR)
def set_alias(request: PageRequest, name: str) -> HttpResponse:
    found = access.model(request.actor, name)
    version = access.version(request.actor, name, whole(request.POST.get("version"), "version"))
    form = request.POST
    alias = alias_actions.set_alias(
        found, form.get("alias", "").strip(), version, why=form.get("why", "").strip(), by=request.actor
    )
    messages.success(request, f"“{alias.name}” points at version {version.number}.")
    return redirect("models_app:model", found.name)


@require_POST
@page(role=Role.EDITOR)
def delete_alias(request: PageRequest, name: str) -> HttpResponse:
    found = access.model(request.actor, name)
    alias_actions.delete_alias(found, request.POST.get("alias", ""), by=request.actor)
    messages.success(request, "The alias is removed; the version stays.")
    return redirect("models_app:model", found.name)


@require_POST
@page(role=Role.EDITOR)
def delete(request: PageRequest, name: str) -> HttpResponse:
    found = access.model(request.actor, name)
    actions.delete_model(found, by=request.actor)
    messages.success(request, f"The model “{name}” is deleted.")
    return redirect("models_app:models")
