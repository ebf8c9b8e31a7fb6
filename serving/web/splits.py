"""The split of an endpoint: the rows of its form, what a change would move, and the change."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid, MlregistryError
from mlregistry.ui.page import PageRequest, number, page
from models_app import access as models
from models_app.models import ModelVersion
from serving import access
from serving.actions import endpoints as actions
from serving.actions.endpoints import VariantSpec
from serving.actions.split_previews import preview as previewed
from serving.models import Endpoint

LARGEST_LIST = 500


@require_http_methods(["GET", "POST"])
@page(role=Role.EDITOR, form=True)
def variants(request: PageRequest, name: str) -> HttpResponse:
    found = access.endpoint(request.actor, name)
    if request.method == "POST":
        reason = request.POST.get("reason", "")
        actions.change_split(found, chosen(request), reason=reason, by=request.actor)
        messages.success(request, "The split is changed; requests already see it.")
        return redirect("serving:endpoint", found.name)
    context = {"endpoint": found, "versions": offered(request), "rows": rows(request, found)}
    return render(request, "serving/variants_form.html", context)


@require_GET
@page(role=Role.EDITOR)
def preview(request: PageRequest, name: str) -> HttpResponse:
    """What the form would move, as it stands; what is not whole yet is told instead."""
    found = access.endpoint(request.actor, name)
    try:
        context: dict[str, Any] = {
            "preview": previewed(found, chosen(request, request.GET), by=request.actor)
        }
    except MlregistryError as error:
        context = {"problem": error.message}
    return render(request, "serving/split_preview.html", context)


def chosen(request: PageRequest, sent: QueryDict | None = None) -> list[VariantSpec]:
    """The rows of the form whose version is chosen."""
    form = request.POST if sent is None else sent
    given = zip(form.getlist("variant"), form.getlist("version"), form.getlist("weight"), strict=False)
    found: list[VariantSpec] = []
    for name, version, weight in given:
        if version:
            share = number(weight, "variants", default=0.0) or 0.0
            found.append({"name": name.strip(), "version": _version(request, version), "weight": share})
    return found


def _version(request: PageRequest, text: str) -> ModelVersion:
    name, _, digits = text.rpartition("/")
    if not digits.isdigit():
        raise Invalid("Choose a version from the list.", field="variants")
    return models.version(request.actor, name, int(digits))


def offered(request: PageRequest) -> list[ModelVersion]:
    return list(
        models.versions(request.actor).filter(state="ready").order_by("model__name", "-number")[:LARGEST_LIST]
    )


def rows(request: PageRequest, endpoint: Endpoint | None) -> list[dict[str, Any]]:
    """What the form shows: what was sent, else what is, else one row with everything."""
    form = request.POST
    if request.form_error:
        sent = zip(form.getlist("variant"), form.getlist("version"), form.getlist("weight"), strict=False)
        return [{"variant": name, "version": version, "weight": weight} for name, version, weight in sent]
    if endpoint is not None:
        return [
            {
                "variant": row.name,
                "version": f"{row.version.model.name}/{row.version.number}",
                "weight": f"{row.weight.normalize():f}",
            }
            for row in endpoint.variants.all()
        ]
    return [{"variant": "champion", "version": request.GET.get("version", ""), "weight": "100"}]
