"""Pages of studies: the form that starts one, the study while it searches, and its buttons."""

import json
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from experiments import access
from experiments.actions import studies as actions
from experiments.models import Problem, RunStatus, Study, TrialState
from experiments.queries import budgets, outer_folds
from experiments.queries import studies as queries
from experiments.queries.datasets import newest_versions
from experiments.web.run_page import model_name
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.jobs import wake
from mlregistry.ml.estimators import CATALOGUE
from mlregistry.ml.recommendation.estimators import NEED_RATINGS
from mlregistry.ml.search import space as ml_space
from mlregistry.ml.search.plan import Plan, by_folds
from mlregistry.ml.search.sampling import SAMPLERS
from mlregistry.ui.page import PageRequest, number, page, whole
from mlregistry.ui.undo import say_kept

from . import auto_trainings
from .steps import needed_columns

MOST_SHOWN = 50
LARGEST_LIST = 20
PRUNERS = [
    ("none", "Never: measure every trial in all folds"),
    ("median", "Worse than the median of the others"),
    ("halving", "Successive halving: the best third goes on"),
]
MOST_MINUTES = 43_200
HALVING_SHARES = [0.1, 0.3]


@require_http_methods(["GET", "POST"])
@page(role=Role.EDITOR, form=True)
def create(request: PageRequest, problem_id: int) -> HttpResponse:
    problem = access.problem(request.actor, problem_id)
    if request.method == "POST":
        version = access.dataset_version_by_id(request.actor, whole(request.POST.get("version"), "version"))
        study = actions.create_study(problem, version, **_asked(request.POST), by=request.actor)
        return redirect("experiments:study", study.pk)
    wake.expect()
    return render(request, "experiments/study_form.html", _form(request, problem))


@require_GET
@page()
def study(request: PageRequest, study_id: int) -> HttpResponse:
    found = access.study(request.actor, study_id)
    context = _shown(found)
    if not request.htmx:
        return render(request, "experiments/study.html", context)
    answer = render(request, "experiments/study_live.html", context | {"polled": True})
    shown = (request.GET.get("charts", ""), request.GET.get("state", ""))
    if shown != (context["names"], found.state) or not context["live"]:
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
@page(role=Role.EDITOR)
def pause(request: PageRequest, study_id: int) -> HttpResponse:
    actions.pause_study(access.study(request.actor, study_id), by=request.actor)
    return redirect("experiments:study", study_id)


@require_POST
@page(role=Role.EDITOR)
def resume(request: PageRequest, study_id: int) -> HttpResponse:
    actions.resume_study(access.study(request.actor, study_id), by=request.actor)
    return redirect("experiments:study", study_id)


@require_POST
@page(role=Role.EDITOR)
def cancel(request: PageRequest, study_id: int) -> HttpResponse:
    actions.cancel_study(access.study(request.actor, study_id), by=request.actor)
    return redirect("experiments:study", study_id)


@require_POST
@page(role=Role.EDITOR)
def delete(request: PageRequest, study_id: int) -> HttpResponse:
    found = access.study(request.actor, study_id)
    kept = actions.delete_study(found, by=request.actor)
    say_kept(request, "The study is deleted; the runs of its trials stay.", kept)
    return redirect("experiments:experiment", found.experiment_id)


def _asked(form: QueryDict) -> dict[str, Any]:
    minutes = number(form.get("minutes"), "minutes")
    pruner = form.get("pruner", "none")
    plan = {
        "sampler": form.get("sampler", "tpe"),
        "pruner": pruner,
        "shares": HALVING_SHARES if pruner == "halving" else None,
        "seed": whole(form.get("seed"), "seed", default=Plan.seed),
        "n_lanes": whole(form.get("n_lanes"), "n_lanes", default=Plan.n_lanes),
        "max_trials": whole(form.get("max_trials"), "max_trials", default=Plan.max_trials),
        "max_seconds": _seconds(minutes),
        "max_cost": number(form.get("max_cost"), "max_cost"),
        "patience": whole(form.get("patience"), "patience") or None,
        "outer_folds": whole(form.get("outer_folds"), "outer_folds", default=0),
        "trial_seconds": whole(form.get("trial_seconds"), "trial_seconds", default=Plan.trial_seconds),
        "warm_from": [whole(str(text), "warm_from") for text in form.getlist("warm_from")],
    }
    recipe = {"folds": whole(form.get("folds"), "folds", default=actions.FOLDS)} if "folds" in form else {}
    return {"plan": plan, "recipe": recipe, "space": _space(form), "name": form.get("name", "")}


def _seconds(minutes: float | None) -> int | None:
    if minutes is None:
        return None
    if not 0 < minutes <= MOST_MINUTES:
        raise Invalid(f"The minutes lie above 0 and up to {MOST_MINUTES:,}.", field="minutes")
    return max(1, round(minutes * 60))


def _space(form: QueryDict) -> Any:
    """The text, where one was written, else the usual ranges of the ticked estimators."""
    text = form.get("space", "").strip()
    if not text:
        return {"estimators": dict.fromkeys(form.getlist("estimator"))}
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"The search space is no JSON: {error}.", field="space") from error


def _form(request: PageRequest, problem: Problem) -> dict[str, Any]:
    form = request.POST if request.form_error else QueryDict()
    usual = ml_space.default(problem.kind, 0).estimators
    ticked = set(form.getlist("estimator")) if form else set(usual)
    rows = [row for row in CATALOGUE[problem.kind].values() if ml_space.searched(problem.kind, row.name)]
    if not problem.target:
        rows = [row for row in rows if row.name not in NEED_RATINGS]
    mine = access.studies(request.actor).filter(problem=problem).order_by("-created_at")[:LARGEST_LIST]
    return {
        "problem": problem,
        "form": form,
        "versions": newest_versions(access.datasets(request.actor), problem),
        "chosen": form.get("version") or request.GET.get("version", ""),
        "estimators": [
            (row, row.name in ticked, len(ml_space.searched(problem.kind, row.name))) for row in rows
        ],
        "samplers": [(one.name, f"{one.title}: {one.description}") for one in SAMPLERS.values()],
        "pruners": PRUNERS,
        "plan": Plan(),
        "needed": needed_columns(problem),
        "by_folds": by_folds(problem.kind),
        "folds": actions.FOLDS,
        "example": json.dumps(ml_space.default(problem.kind, 0).to_json(), indent=1),
        "studies": mine,
        "warm": [
            (one, str(one.pk) in form.getlist("warm_from")) for one in mine if one.best_value is not None
        ],
        "has_prices": budgets.cpu_hour_price() is not None,
        "open": bool(request.form_error),
    }


def _registering(study: Study) -> dict[str, Any] | None:
    """The winner as a version: those that there are, and the name of the model that one more would go to."""
    run = study.winner
    if run is None or run.status != RunStatus.FINISHED or not run.signature:
        return None
    return {"versions": list(run.model_versions.select_related("model")), "name": model_name(run)}


def _shown(study: Study) -> dict[str, Any]:
    told = queries.complete(study)
    charts = queries.charts(study, told)
    latest = queries.trials(study).select_related("run").order_by("-number")[:MOST_SHOWN]
    progress = queries.progress(study)
    best = queries.best(study, told)[:LARGEST_LIST]
    honest = outer_folds.of_study(study)
    automatic = auto_trainings.shown(study)
    return {
        **automatic,
        "study": study,
        "registering": _registering(study),
        "progress": progress,
        "share": min(1.0, progress["n_ended"] / study.max_trials),
        "best": [(one, queries.short(one.params or {})) for one in best],
        "charts": {name: {**chart, "json": json.dumps(chart)} for name, chart in charts.items()},
        "names": ",".join(charts),
        "trials": [(one, queries.short(one.params or {})) for one in latest],
        "n_more": max(0, study.next_number - MOST_SHOWN),
        "lanes": queries.live_lanes(study),
        "waiting": study.state == "RUNNING" and study.n_lanes > 0 and queries.is_waiting(study),
        "n_failed": progress["by_state"].get(TrialState.FAILED, 0),
        "metrics": [one["metric"] for one in study.objectives],
        "sampler": SAMPLERS[study.sampler].title,
        "honest": honest,
        "live": study.is_open
        or (honest is not None and honest.is_live)
        or bool(automatic["auto"] and automatic["where"].is_live),
    }
