"""Pages of feature selection: the form, the study while it runs, what it found."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from experiments import access
from experiments.actions import selections as actions
from experiments.models import DatasetVersion, Problem, SelectionStudy
from experiments.queries import selections as queries
from experiments.queries.datasets import newest_versions
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.ml.estimators import CATALOGUE
from mlregistry.ml.recipes import Recipe
from mlregistry.ml.selection.methods import METHODS
from mlregistry.ml.selection.plan import PLAIN, Plan
from mlregistry.ui.page import PageRequest, page, whole
from mlregistry.ui.undo import say_kept

from . import recipe_choice

OFFERED = ("logistic_regression", "ridge", "hist_gradient_boosting", "random_forest")
LARGEST_LIST = 50


@require_http_methods(["GET", "POST"])
@page(role=Role.EDITOR, form=True)
def create(request: PageRequest, problem_id: int) -> HttpResponse:
    problem = access.problem(request.actor, problem_id)
    if request.method == "POST":
        version = access.dataset_version_by_id(request.actor, whole(request.POST.get("version"), "version"))
        study = actions.start_selection(
            problem, version, **_asked(request, problem, version), by=request.actor
        )
        return redirect("experiments:selection", study.pk)
    return render(request, "experiments/selection_form.html", _form(request, problem))


@require_GET
@page()
def selection(request: PageRequest, selection_id: int) -> HttpResponse:
    study = access.selection(request.actor, selection_id)
    if request.htmx and study.result is None:
        return render(request, "experiments/selection_status.html", {"study": study, "job": study.job})
    answer = render(request, "experiments/selection.html", _found(request, study))
    if request.htmx:
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
@page(role=Role.EDITOR)
def cancel(request: PageRequest, selection_id: int) -> HttpResponse:
    actions.cancel_selection(access.selection(request.actor, selection_id), by=request.actor)
    return redirect("experiments:selection", selection_id)


@require_POST
@page(role=Role.EDITOR)
def use(request: PageRequest, selection_id: int) -> HttpResponse:
    study = access.selection(request.actor, selection_id)
    size = whole(request.POST.get("n_features"), "n_features") or None
    problem = actions.use_features(study, request.POST.get("method", ""), size, by=request.actor)
    n_features = len(problem.features)
    messages.success(
        request, f"“{problem.name}” now predicts from {n_features} feature{'s'[: n_features != 1]}."
    )
    return redirect("experiments:problem", problem.pk)


@require_POST
@page(role=Role.EDITOR)
def delete(request: PageRequest, selection_id: int) -> HttpResponse:
    study = access.selection(request.actor, selection_id)
    kept = actions.delete_selection(study, by=request.actor)
    say_kept(request, "The study is deleted.", kept)
    return redirect("experiments:problem", study.problem_id)


def _asked(request: PageRequest, problem: Problem, version: DatasetVersion) -> dict[str, Any]:
    form = request.POST
    steps = recipe_choice.steps(request, problem, version)
    sizes = [whole(text, "sizes") for text in form.get("sizes", "").replace(",", " ").split()]
    plan = {
        "methods": form.getlist("method"),
        "sizes": sizes or None,
        "own_choice": "own_choice" in form,
        "folds": whole(form.get("folds"), "folds", default=Plan.folds),
    }
    recipe = {
        **({"steps": steps} if steps is not None else {}),
        "estimator": form.get("estimator", ""),
        "seed": whole(form.get("seed"), "seed", default=Recipe.seed),
    }
    return {"plan": plan, "recipe": recipe}


def _form(request: PageRequest, problem: Problem) -> dict[str, Any]:
    if problem.kind not in PLAIN:
        raise Invalid("Selection is for classification and regression problems.", field="problem")
    form = request.POST if request.form_error else QueryDict()
    ticked = set(form.getlist("method")) if form else set(METHODS)
    known = CATALOGUE[problem.kind]
    return {
        "problem": problem,
        "versions": newest_versions(access.datasets(request.actor), problem),
        "chosen": form.get("version") or request.GET.get("version", ""),
        "methods": [(method, method.name in ticked) for method in METHODS.values()],
        "estimators": [(name, known[name].title) for name in OFFERED if name in known],
        "estimator": form.get("estimator", PLAIN[problem.kind]),
        "ways": recipe_choice.ways(
            request, problem, "Plainly: gaps filled, numbers scaled, categories one-hot"
        ),
        "way": form.get("recipe") or request.GET.get("recipe", ""),
        "own_choice": "own_choice" in form if form else True,
        "folds": Plan.folds,
        "seed": Recipe.seed,
        "studies": access.selections(request.actor)
        .filter(problem=problem)
        .order_by("-created_at")[:LARGEST_LIST],
    }


def _found(request: PageRequest, study: SelectionStudy) -> dict[str, Any]:
    context: dict[str, Any] = {"study": study, "job": study.job, "problem": study.problem}
    result = study.result
    if result is None:
        return context
    size = _size(request, result)
    return context | {
        "result": result,
        "rows": queries.table(result),
        "sizes": queries.sizes(result),
        "size": size,
        "matrix": queries.matrix(result, size),
        "charts": queries.charts(result),
        "held_fast": study.problem.runs.exists(),
        "maximize": result["direction"] == "maximize",
        "leading": list(enumerate(result["pca"]["leading"], 1)),
    }


def _size(request: PageRequest, result: dict[str, Any]) -> int | None:
    """The number of features whose matrix is shown: asked for, or the advised one, or each method's own."""
    known = queries.sizes(result)
    asked = request.GET.get("n", "")
    if asked == "own" and None in known:
        return None
    if asked and (number := whole(asked, "n")) in known:
        return number
    advised: int | None = result["advice"]["n_features"]
    return advised if advised in known else known[0]
