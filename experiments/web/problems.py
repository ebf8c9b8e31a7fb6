"""Pages of problems: the list, the form, one problem with its stages."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from experiments import access
from experiments.actions import problems as actions
from experiments.models import Problem
from experiments.queries import datasets, quality
from experiments.web import steps, training_schedules
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.ml.metrics import METRICS
from mlregistry.ui import stages
from mlregistry.ui.page import PageRequest, number, page
from mlregistry.ui.undo import say_kept

KINDS = (
    (
        "classification",
        "Classification",
        "Which class does a row belong to? Will this customer leave: yes or no.",
    ),
    ("regression", "Regression", "How much? A number, such as a price or a duration."),
    (
        "clustering",
        "Clustering",
        "Which rows belong together? Groups of customers that nobody has named yet.",
    ),
    (
        "recommendation",
        "Recommendation",
        "What next? The items that a user will want, from who had what.",
    ),
)
SUPERVISED = ("classification", "regression")
TARGETS = {"recommendation": "rating_column", "clustering": "label_column"}
LARGEST_LIST = 500
LARGEST_ALERTS = 20


@require_GET
@page()
def problems(request: PageRequest) -> HttpResponse:
    found = access.problems(request.actor).order_by("-created_at")[:LARGEST_LIST]
    return render(request, "experiments/problems.html", {"problems": found})


@require_http_methods(["GET", "POST"])
@page(role=Role.EDITOR, form=True)
def create(request: PageRequest) -> HttpResponse:
    if request.method == "POST":
        problem = actions.create_problem(by=request.actor, **_fields(request))
        messages.success(request, "The problem is framed. Now bring the data.")
        return redirect("experiments:problem", problem.pk)
    return render(request, "experiments/problem_form.html", {**_choices(request), "problem": None})


@require_http_methods(["GET", "POST"])
@page(role=Role.EDITOR, form=True)
def edit(request: PageRequest, problem_id: int) -> HttpResponse:
    problem = access.problem(request.actor, problem_id)
    if request.method == "POST":
        actions.update_problem(problem, by=request.actor, **_fields(request))
        return redirect("experiments:problem", problem.pk)
    return render(
        request,
        "experiments/problem_form.html",
        {
            **_choices(request),
            "problem": problem,
            "granularity": "" if problem.key_column(0) else "\n".join(problem.granularity),
            "user_column": problem.key_column(0),
            "item_column": problem.key_column(1),
        },
    )


@require_POST
@page(role=Role.EDITOR)
def delete(request: PageRequest, problem_id: int) -> HttpResponse:
    problem = access.problem(request.actor, problem_id)
    kept = actions.delete_problem(problem, by=request.actor)
    say_kept(request, f"The problem “{problem.name}” is deleted.", kept)
    return redirect("experiments:problems")


@require_GET
@page()
def problem(request: PageRequest, problem_id: int) -> HttpResponse:
    found = access.problem(request.actor, problem_id)
    context = {
        "problem": found,
        "supervised": found.kind in SUPERVISED,
        "user_column": found.key_column(0),
        "item_column": found.key_column(1),
        "needed": steps.needed_columns(found),
        "way": stages.of_problem(found),
        "datasets": found.datasets.order_by("-created_at"),
        "experiments": found.experiments.filter(lifecycle="active").order_by("-created_at"),
        "recipes": found.recipes.order_by("name"),
        "metric": metric_title(found),
        "models": found.registered_models.order_by("name"),
        "endpoints": found.endpoints.order_by("name"),
        "alerts": quality.open_alerts(problem=found)[:LARGEST_ALERTS],
        **training_schedules.card(request, found),
    }
    return render(request, "experiments/problem.html", context)


def metric_title(problem: Problem) -> str:
    known = METRICS.get(problem.kind, {}).get(problem.primary_metric)
    return known.title if known else problem.primary_metric


def _fields(request: PageRequest) -> dict[str, Any]:
    form = request.POST
    lines = form.get("features", "").splitlines()
    return {
        "name": form.get("name", "").strip(),
        "kind": form.get("kind", ""),
        "goal": form.get("goal", "").strip(),
        "target": form.get(TARGETS.get(form.get("kind", ""), "target"), "").strip(),
        "features": () if _recommends(form) else tuple(line.strip() for line in lines if line.strip()),
        "primary_metric": form.get("primary_metric", ""),
        "direction": METRICS.get(form.get("kind", ""), {})[form["primary_metric"]].direction
        if form.get("primary_metric") in METRICS.get(form.get("kind", ""), {})
        else None,
        "success_threshold": number(form.get("success_threshold"), "success_threshold"),
        **_keys(form),
        "time_column": form.get("time_column", "").strip(),
    }


def _keys(form: QueryDict) -> dict[str, Any]:
    """The columns that identify a row: by their own names in a recommendation."""
    if _recommends(form):
        keys = {name: form.get(name, "").strip() for name in ("user_column", "item_column")}
        missing = next((name for name, value in keys.items() if not value), None)
        if missing:
            raise Invalid(f"A recommendation names its {missing.replace('_', ' ')}.", field=missing)
        return keys
    lines = form.get("granularity", "").splitlines()
    return {"granularity": tuple(line.strip() for line in lines if line.strip())}


def _recommends(form: QueryDict) -> bool:
    return form.get("kind") == "recommendation"


def _choices(request: PageRequest) -> dict[str, Any]:
    """What the form offers; columns already uploaded are suggested for the target."""
    names = datasets.column_names(access.datasets(request.actor).order_by("-created_at")[:10])
    return {
        "kinds": KINDS,
        "metrics": {kind: list(rows.values()) for kind, rows in METRICS.items()},
        "columns": sorted(names)[:500],
    }
