"""The buttons of shadows on an endpoint's page."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.ui.page import PageRequest, page
from mlregistry.ui.undo import say_kept
from models_app import access as models
from serving import access
from serving.actions import shadows as actions


@require_POST
@page(role=Role.EDITOR)
def add(request: PageRequest, name: str) -> HttpResponse:
    endpoint = access.endpoint(request.actor, name)
    model, _, digits = request.POST.get("version", "").rpartition("/")
    if not digits.isdigit():
        raise Invalid("Choose a version from the list.", field="version")
    version = models.version(request.actor, model, int(digits))
    actions.add_shadow(endpoint, request.POST.get("name", "").strip(), version, by=request.actor)
    messages.success(request, "It is asked from now on what the endpoint is asked, and answers nobody.")
    return redirect("serving:endpoint", name)


@require_POST
@page(role=Role.EDITOR)
def remove(request: PageRequest, name: str, shadow: str) -> HttpResponse:
    found = access.shadow(request.actor, access.endpoint(request.actor, name), shadow)
    kept = actions.remove_shadow(found, by=request.actor)
    say_kept(request, f"The shadow “{shadow}” is removed.", kept)
    return redirect("serving:endpoint", name)
