"""The part of a version's page that tells of its compiled form, and its buttons."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from mlregistry.accounts.models import Role
from mlregistry.ui.page import PageRequest, page
from models_app import access
from models_app.actions import compilations as actions
from models_app.models import ModelVersion
from models_app.queries.compilations import compilation_of, lines_of
from models_app.queries.intakes import intake_of


def compilation_context(version: ModelVersion) -> dict[str, Any]:
    """What the part needs; the version's page includes it."""
    found = compilation_of(version)
    return {
        "version": version,
        "model": version.model,
        "compilation": found,
        "lines": lines_of(found),
        "can_compile": actions.can_compile(version),
        "foreign": intake_of(version) is not None,
    }


@require_GET
@page()
def compilation(request: PageRequest, name: str, number: int) -> HttpResponse:
    found = access.version(request.actor, name, number)
    if not request.htmx:
        return redirect("models_app:version", name, number)
    return render(request, "models_app/compilation.html", compilation_context(found))


@require_POST
@page(role=Role.EDITOR)
def compile_version(request: PageRequest, name: str, number: int) -> HttpResponse:
    found = access.version(request.actor, name, number)
    if request.POST.get("native"):
        actions.drop_compilation(found, by=request.actor)
        messages.success(request, f"{found} is served by its native model.")
    else:
        actions.request_compilation(found, by=request.actor)
        messages.success(request, f"Looking for a faster form of {found}.")
    return redirect("models_app:version", name, number)
