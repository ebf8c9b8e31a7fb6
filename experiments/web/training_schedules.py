"""The schedules on a problem's page: make one, pause, go on, delete."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from experiments import access
from experiments.actions import training
from experiments.actions import training_schedules as actions
from experiments.models import Problem
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.ml.estimators import CATALOGUE
from mlregistry.ui.page import PageRequest, page, whole
from mlregistry.ui.undo import say_kept

RHYTHMS = (
    ("0 6 * * *", "every day at 06:00 UTC"),
    ("0 6 * * 1", "every Monday at 06:00 UTC"),
    ("0 6 1 * *", "on the first of each month at 06:00 UTC"),
    ("0 * * * *", "every hour"),
)


def card(request: PageRequest, problem: Problem) -> dict[str, Any]:
    """What the card of a problem's schedules shows."""
    rows = problem.training_schedules.select_related("dataset", "last_experiment", "last_version")
    baseline = training.BASELINES.get(problem.kind)
    datasets = access.datasets(request.actor).filter(last_number__gt=0).order_by("name")
    return {
        "schedules": rows.order_by("-created_at"),
        "rhythms": RHYTHMS,
        "schedulable": sorted(datasets, key=lambda row: row.problem_id != problem.pk),
        "estimators": [entry for entry in CATALOGUE.get(problem.kind, {}).values() if entry.name != baseline],
    }


@require_POST
@page(role=Role.EDITOR)
def create(request: PageRequest, problem_id: int) -> HttpResponse:
    problem, form = access.problem(request.actor, problem_id), request.POST
    dataset = access.dataset(request.actor, whole(form.get("dataset"), "dataset"))
    names = form.getlist("estimator")
    if not names:
        raise Invalid("Choose at least one estimator for the schedule.", field="estimator")
    cron = form.get("cron", "").strip() or form.get("rhythm", "")
    recipes = [{"estimator": name} for name in names]
    schedule = actions.create_schedule(problem, dataset, cron=cron, recipes=recipes, by=request.actor)
    messages.success(request, f"Training is scheduled: {schedule.cron} (UTC), on the newest {dataset.name}.")
    return redirect("experiments:problem", problem.pk)


@require_POST
@page(role=Role.EDITOR)
def change(request: PageRequest, schedule_id: int) -> HttpResponse:
    schedule = access.training_schedule(request.actor, schedule_id)
    problem_id, wanted = schedule.problem_id, request.POST.get("do")
    if wanted == "delete":
        say_kept(request, "The schedule is deleted.", actions.delete_schedule(schedule, by=request.actor))
    elif wanted in ("pause", "resume"):
        actions.update_schedule(schedule, enabled=wanted == "resume", by=request.actor)
    else:
        raise Invalid("Say what to do: pause, resume or delete.", field="do")
    return redirect("experiments:problem", problem_id)
