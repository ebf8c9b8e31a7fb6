"""Pages of registered models: the list, one model with its versions and aliases."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from mlregistry.accounts.models import Role
from mlregistry.ml.metrics import MAXIMIZE
from mlregistry.ui.page import PageRequest, page, whole
from models_app import access
from models_app.actions import aliases as alias_actions
from models_app.actions import models as actions
from models_app.models import RegisteredModel
from models_app.queries import models as queries
from models_app.queries import version_rows
from models_app.queries.metric_directions import direction_of
from models_app.queries.version_charts import chart_of

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
    given = request.GET
    table = version_rows.table_of(
        found, mine, chosen=given.getlist("metric")[:50], order=given.get("order", "")[:300],
        page=whole(given.get("page"), "page", default=1),
    )  # fmt: skip
    context = {
        "model": found,
        "table": table,
        **_drawn(table, found),
        "columns": [_column(key, table.order, found) for key in table.chosen],
        "metric_query": urlencode([("metric", key) for key in table.chosen]) + "&",
        "numbers": mine.order_by("-number").values_list("number", flat=True)[:LARGEST_LIST],
        "aliases": found.aliases.select_related("version").order_by("name"),
        "open_requests": found.promotion_requests.filter(state="open").select_related("version")[:20],
    }
    return render(request, "models_app/model.html", context)


def _drawn(table: version_rows.Table, model: RegisteredModel) -> dict[str, Any]:
    """The first chosen metric over the versions; the best is named where it is known which way is better."""
    values = [value for _, value in table.chart]
    direction = direction_of(table.chosen[0], model.problem) if table.chosen else None
    best = None if direction is None or not values else max(values) if direction == MAXIMIZE else min(values)
    chart = chart_of(table.chart, best=best)
    return {"chart": chart, "has_best": best is not None, "last_dot": chart.dots[-1] if chart else None}


def _column(key: str, order: str, model: RegisteredModel) -> dict[str, Any]:
    """The best first; a second click turns it round."""
    is_first, is_turned = order == key, order == f"-{key}"
    down = (direction_of(key, model.problem) != "minimize") != is_turned
    return {
        "key": key,
        "is_order": is_first or is_turned,
        "sort": "descending" if down else "ascending",
        "next": f"-{key}" if is_first else key,
    }


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
