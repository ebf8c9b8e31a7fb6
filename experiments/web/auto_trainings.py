"""Pages of "Just train it": the form that starts it, its buttons, and what the study's page shows of it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from experiments import access
from experiments.actions import auto_trainings as actions
from experiments.models import Study
from experiments.queries import auto_trainings as queries
from experiments.queries.datasets import newest_versions
from mlregistry.accounts.models import Role
from mlregistry.jobs import wake
from mlregistry.ml import metrics
from mlregistry.ml.portfolio import planning, side_by_side
from mlregistry.ui.page import PageRequest, number, page, whole

WISHES = [("", "The best figures"), ("fast", "Fast to serve, among models as good")]


@require_http_methods(["GET", "POST"])
@page(role=Role.EDITOR, form=True)
def create(request: PageRequest, problem_id: int) -> HttpResponse:
    problem = access.problem(request.actor, problem_id)
    form = request.POST if request.method == "POST" or request.form_error else QueryDict()
    if request.method == "POST":
        version = access.dataset_version_by_id(request.actor, whole(form.get("version"), "version"))
        started = actions.just_train(problem, version, **_asked(form), by=request.actor)
        if started.study is not None:
            return redirect("experiments:study", started.study.pk)
        messages.info(request, " ".join(started.reasons))
        return redirect("experiments:experiment", started.experiment.pk)
    wake.expect()
    return render(
        request,
        "experiments/auto_training_form.html",
        {
            "problem": problem,
            "form": form,
            "versions": newest_versions(access.datasets(request.actor), problem),
            "chosen": form.get("version") or request.GET.get("version", ""),
            "minutes": planning.MINUTES,
            "usual": f"{planning.DEFAULT_MINUTES:g}",
            "wishes": WISHES,
            "side_by_side": side_by_side.WHY.get(problem.kind, ""),
        },
    )


@require_POST
@page(role=Role.EDITOR)
def finish(request: PageRequest, study_id: int) -> HttpResponse:
    actions.finish_now(access.study(request.actor, study_id), by=request.actor)
    return redirect("experiments:study", study_id)


@require_POST
@page(role=Role.EDITOR)
def cancel(request: PageRequest, study_id: int) -> HttpResponse:
    actions.cancel(access.study(request.actor, study_id), by=request.actor)
    return redirect("experiments:study", study_id)


def shown(study: Study) -> dict[str, Any]:
    """What the study's page needs of it; nothing for a study that was started otherwise."""
    auto = queries.of_study(study)
    if auto is None:
        return {"auto": None}
    where = queries.standing(auto)
    numbers = [member["trial"] for one in auto.offers for member in one["members"]]
    names = queries.titles(study, numbers)
    return {
        "auto": auto,
        "auto_metric": metrics.metric(study.problem.kind, auto.metric).title
        if study.problem
        else auto.metric,
        "where": where,
        "auto_share": min(1.0, where.seconds_used / auto.seconds),
        "leaders": queries.leaders(study),
        "offers": [
            {**one, "parts": [(names.get(m["trial"], ""), m) for m in one["members"]]}
            for one in queries.offers(auto)
        ],
    }


def _asked(form: QueryDict) -> dict[str, Any]:
    minutes = number(form.get("minutes"), "minutes")
    return {
        "minutes": planning.DEFAULT_MINUTES if minutes is None else minutes,
        "wish": form.get("wish", ""),
    }
