"""Pages of a dataset's sources: the form of a kind with its preview, one source with its refreshes."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from experiments import access
from experiments.actions import sources as actions
from experiments.actions import streams
from experiments.models import Dataset, DataSource
from experiments.queries import sources as queries
from experiments.sources.kinds import KINDS, kind_of
from experiments.sources.protocol import Kind
from mlregistry.accounts.models import Role
from mlregistry.ui.page import PageRequest, page

REFRESHES_SHOWN = 20


@require_GET
@page(role=Role.EDITOR)
def choose(request: PageRequest, dataset_id: int) -> HttpResponse:
    context = {"dataset": access.dataset(request.actor, dataset_id), "kinds": KINDS.values()}
    return render(request, "experiments/source_kinds.html", context)


@require_http_methods(["GET", "POST"])
@page(role=Role.EDITOR, form=True)
def create(request: PageRequest, dataset_id: int, kind: str) -> HttpResponse:
    dataset, known = access.dataset(request.actor, dataset_id), kind_of(kind)
    if request.method == "POST" and "preview" in request.POST:
        return _form(request, dataset, known, tried=_tried(request, known))
    if request.method == "POST":
        config, secrets = _sent(request, known)
        source = actions.create_source(
            dataset, kind, config=config, secrets=secrets, by=request.actor, **_named(request)
        )
        return _refreshed(request, source)
    return _form(request, dataset, known)


@require_http_methods(["GET", "POST"])
@page(change=Role.EDITOR, form=True)
def source(request: PageRequest, dataset_id: int, source_id: int) -> HttpResponse:
    found = access.source(request.actor, dataset_id, source_id)
    known = kind_of(found.kind)
    if request.method == "POST" and "preview" in request.POST:
        return _form(request, found.dataset, known, found, tried=_tried(request, known, found))
    if request.method == "POST":
        config, secrets = _sent(request, known)
        actions.update_source(found, config=config, secrets=secrets, by=request.actor, **_named(request))
        messages.success(request, "Saved.")
        return redirect("experiments:source", dataset_id, found.pk)
    return _form(request, found.dataset, known, found)


@require_POST
@page(role=Role.EDITOR)
def refresh(request: PageRequest, dataset_id: int, source_id: int) -> HttpResponse:
    return _refreshed(request, access.source(request.actor, dataset_id, source_id))


@require_POST
@page(role=Role.EDITOR)
def delete(request: PageRequest, dataset_id: int, source_id: int) -> HttpResponse:
    found = access.source(request.actor, dataset_id, source_id)
    actions.delete_source(found, by=request.actor)
    messages.success(request, f"The source “{found.name}” is deleted; its versions stay.")
    return redirect("experiments:dataset", dataset_id)


@require_POST
@page(role=Role.EDITOR)
def roll(request: PageRequest, dataset_id: int) -> HttpResponse:
    job = streams.start_roll(access.dataset(request.actor, dataset_id), by=request.actor)
    return redirect("jobs:job", job.pk)


def _refreshed(request: PageRequest, found: DataSource) -> HttpResponse:
    actions.start_refresh(found, by=request.actor)
    messages.success(request, "The refresh runs in the background; a new version appears when it is done.")
    return redirect("experiments:source", found.dataset_id, found.pk)


def _form(
    request: PageRequest,
    dataset: Dataset,
    kind: Kind,
    found: DataSource | None = None,
    tried: dict[str, Any] | None = None,
) -> HttpResponse:
    context = {
        "dataset": dataset,
        "kind": kind,
        "source": found,
        "fields": [_field(request, setting, found) for setting in kind.settings],
        "name": request.POST.get("source_name", found.name if found else ""),
        "cron": request.POST.get("cron", found.cron if found else ""),
        "tried": tried,
        "refreshes": queries.refreshes(found)[:REFRESHES_SHOWN] if found else [],
        "live": queries.live_refresh(found) if found else None,
    }
    return render(request, "experiments/source.html", context)


def _field(request: PageRequest, setting: Any, found: DataSource | None) -> dict[str, Any]:
    """What the template needs of a setting; secrets are never put back into the page."""
    kept = found.config.get(setting.name, "") if found else ""
    value = "" if setting.secret else request.POST.get(setting.name, kept)
    has = setting.secret and found is not None and found.sealed
    help = f"{setting.help} Empty: the one that is kept." if has else setting.help
    choices = [(choice, choice or "find out") for choice in setting.choices]
    kind = "password" if setting.secret else "select" if choices else "textarea" if setting.long else "text"
    return {"setting": setting, "value": value, "help": help, "choices": choices, "type": kind}


def _sent(request: PageRequest, kind: Kind) -> tuple[dict[str, str], dict[str, str]]:
    values = {setting: request.POST.get(setting.name, "") for setting in kind.settings}
    config = {setting.name: value for setting, value in values.items() if value and not setting.secret}
    return config, {setting.name: value for setting, value in values.items() if value and setting.secret}


def _named(request: PageRequest) -> dict[str, str]:
    named = {"cron": request.POST.get("cron", "")}
    return {**named, "name": request.POST["source_name"]} if request.POST.get("source_name") else named


def _tried(request: PageRequest, kind: Kind, found: DataSource | None = None) -> dict[str, Any]:
    """The rows as they would come; the kept secret is used only for the place it was entered for."""
    config, secrets = _sent(request, kind)
    if found is not None and not secrets and actions.asks_same_place(found, config):
        secrets = actions.opened(found)
    info, rows = actions.preview_source(kind.name, config, secrets, by=request.actor)
    return {"info": info, "rows": rows}
