"""The form for what an endpoint writes down of its predictions, and for how long."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.ui.page import PageRequest, number, page, whole
from serving import access
from serving.actions.endpoints import LOG_MODES, update_endpoint
from serving.hotpath.redaction import KEPT, UNIT
from serving.models import Endpoint

HOWS = [("", "keep"), ("hash", "hash"), ("truncate", "first characters"), ("drop", "drop")]


@require_http_methods(["GET", "POST"])
@page(role=Role.EDITOR, form=True)
def log_policy(request: PageRequest, name: str) -> HttpResponse:
    endpoint = access.endpoint(request.actor, name)
    if request.method == "POST":
        mode = request.POST.get("log_mode") or None
        update_endpoint(endpoint, log_mode=mode, log=_policy(request), by=request.actor)
        messages.success(request, "What is logged from now on follows this.")
        return redirect("serving:endpoint", endpoint.name)
    context = {
        "endpoint": endpoint,
        "log_modes": [(mode, mode) for mode in LOG_MODES],
        "percent": f"{100 * endpoint.log_sample:g}",
        "columns": _columns(request, endpoint),
        "hows": HOWS,
    }
    return render(request, "serving/log_form.html", context)


def _policy(request: PageRequest) -> dict[str, Any]:
    form = request.POST
    share = number(form.get("sample"), "sample", default=100.0)
    days = whole(form.get("retention_days"), "retention_days")
    return {
        "sample": (100.0 if share is None else share) / 100,
        "retention_days": days or None,
        "redact": _rules(request),
    }


def _rules(request: PageRequest) -> dict[str, str]:
    """The lists of the form go side by side: column, how, and how much is kept."""
    form, found = request.POST, {}
    for column, how, kept in zip(
        form.getlist("column"), form.getlist("how"), form.getlist("kept"), strict=False
    ):
        if how == "truncate" and column != UNIT:
            found[column] = f"truncate:{whole(kept, 'redact', default=KEPT)}"
        elif how == "truncate":
            raise Invalid("The unit can be hashed or dropped, not cut short.", field="redact")
        elif how:
            found[column] = how
    return found


def _columns(request: PageRequest, endpoint: Endpoint) -> list[dict[str, Any]]:
    first = endpoint.variants.all().first()
    inputs = first.version.served_signature.get("inputs", []) if first else []
    rules = _rules(request) if request.form_error and request.POST.getlist("column") else endpoint.log_redact
    names = [(UNIT, "the unit"), *((field["name"], field["name"]) for field in inputs)]
    rows = []
    for name, label in names:
        how, _, kept = rules.get(name, "").partition(":")
        rows.append({"name": name, "label": label, "how": how, "kept": kept or KEPT})
    return rows
