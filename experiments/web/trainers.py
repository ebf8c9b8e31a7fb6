"""Pages of trainers: the list with what may be brought, and one trainer with its runs and the form that starts it."""

import json
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from experiments import access
from experiments.actions import trainers as actions
from experiments.actions.settling import settle_runs
from experiments.actions.trainers import LIMITS, Start
from experiments.models import Lifecycle, Trainer
from experiments.queries import trainers as queries
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.trainers import jail
from mlregistry.ui.page import PageRequest, page, whole

TITLES = {
    "wall_seconds": "Longest time in seconds", "cpu_seconds": "Processor seconds", "memory_mb": "Memory in MB",
    "disk_mb": "Files in MB",
}  # fmt: skip


@require_http_methods(["GET", "POST"])
@page(change=Role.OWNER, form=True)
def trainers(request: PageRequest) -> HttpResponse:
    if request.method == "POST":
        return _created(request)
    context = {
        "trainers": access.trainers(request.actor).order_by("name"),
        "entry_points": settings.TRAINER_ENTRY_POINTS,
        **_standing(request),
    }
    return render(request, "experiments/trainers.html", context)


@require_http_methods(["GET", "POST"])
@page(change=Role.OWNER, form=True)
def trainer(request: PageRequest, trainer_id: int) -> HttpResponse:
    found = access.trainer(request.actor, trainer_id)
    if request.method == "POST":
        return _started(request, found)
    settle_runs(request.actor.team)
    context = {
        "trainer": found,
        "runs": queries.runs_of(found),
        "experiments": access.experiments(request.actor).filter(lifecycle=Lifecycle.ACTIVE).order_by("name"),
        "versions": queries.versions_of(request.actor.team),
        "limits": [(name, TITLES[name], default) for name, (default, _, _) in LIMITS.items()],
        **_standing(request),
    }
    return render(request, "experiments/trainer.html", context)


@require_POST
@page(role=Role.OWNER)
def delete(request: PageRequest, trainer_id: int) -> HttpResponse:
    found = access.trainer(request.actor, trainer_id)
    actions.delete_trainer(found, by=request.actor)
    messages.success(request, f"The trainer “{found.name}” is deleted; its runs stay.")
    return redirect("experiments:trainers")


def _standing(request: PageRequest) -> dict[str, Any]:
    return {
        "is_owner": request.actor.role >= Role.OWNER,
        "switched_on": settings.TRAINERS,
        "why_not": jail.why_not(),
    }


def _created(request: PageRequest) -> HttpResponse:
    form, file = request.POST, request.FILES.get("file")
    name = form.get("name", "").strip() or (str(file.name).removesuffix(".zip") if file else "")
    made = actions.create_trainer(
        name or form.get("entry", ""),
        source=file,
        entry=form.get("entry", ""),
        requirements_text=form.get("requirements", ""),
        by=request.actor,
    )
    return redirect("experiments:trainer", made.pk)


def _started(request: PageRequest, found: Trainer) -> HttpResponse:
    form = request.POST
    version = whole(form.get("version"), "version")
    start = Start(
        experiment=access.experiment(request.actor, whole(form.get("experiment"), "experiment")),
        dataset_version=access.dataset_version_by_id(request.actor, version) if version else None,
        params=_params(form.get("params", "")),
        limits={name: whole(form.get(name), name) for name in LIMITS if form.get(name, "").strip()},
    )
    run, _ = actions.start_trainer(found, start, by=request.actor)
    messages.success(request, "The trainer is started; what it logs appears on this page.")
    return redirect("experiments:run", run.pk)


def _params(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise Invalid(f"The params are no JSON: {error}"[:300], field="params") from error
    if not isinstance(found, dict):
        raise Invalid('The params are a JSON object, such as {"depth": 3}.', field="params")
    return found
