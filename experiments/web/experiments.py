"""Pages of experiments: the list, and one with its leaderboard that follows the training."""

from typing import Any

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from experiments import access
from experiments.actions import experiments as actions
from experiments.actions.settling import settle_runs
from experiments.models import Experiment
from experiments.queries import model_relations, studies, test_uses
from experiments.queries.jobs import live_jobs
from experiments.web import leaderboard
from mlregistry.accounts.models import Role
from mlregistry.ui import stages
from mlregistry.ui.page import PageRequest, page
from mlregistry.ui.undo import say_deleted

LARGEST_LIST = 500
NEWEST_MODELS = 10


@require_GET
@page()
def experiments(request: PageRequest) -> HttpResponse:
    shown = "deleted" if request.GET.get("show") == "deleted" else "active"
    found = access.experiments(request.actor).filter(lifecycle=shown).select_related("problem")
    counted = found.annotate(n_runs=Count("runs", filter=Q(runs__lifecycle="active")))
    rows = counted.order_by("-created_at")[:LARGEST_LIST]
    return render(request, "experiments/experiments.html", {"experiments": rows, "shown": shown})


@require_http_methods(["GET", "POST"])
@page(role=Role.EDITOR, form=True)
def create(request: PageRequest) -> HttpResponse:
    if request.method == "POST":
        made = actions.create_experiment(
            request.POST.get("name", "").strip(),
            description=request.POST.get("description", "").strip(),
            by=request.actor,
        )
        return redirect("experiments:experiment", made.pk)
    return render(request, "experiments/experiment_form.html")


@require_GET
@page()
def experiment(request: PageRequest, experiment_id: int) -> HttpResponse:
    if experiment_id == 0:  # as MLflow's clients call the default one
        return redirect("experiments:experiment", access.default_experiment(request.actor).pk)
    found = access.experiment(request.actor, experiment_id)
    if request.GET.get("filter", "").strip():  # as links to the runs of a filter once were
        return redirect(f"{reverse('experiments:runs-table', args=[found.pk])}?{request.GET.urlencode()}")
    settle_runs(request.actor.team)
    context = _board(found)
    if request.htmx:
        return render(request, "experiments/leaderboard.html", context)
    context["studies"] = studies.of_experiment(found)
    context["looks"] = test_uses.of_experiment(found)
    context["way"] = stages.of_problem(found.problem) if found.problem else None
    context["models"], context["n_models"] = model_relations.newest(found, NEWEST_MODELS)
    return render(request, "experiments/experiment.html", context)


@require_POST
@page(role=Role.EDITOR)
def delete(request: PageRequest, experiment_id: int) -> HttpResponse:
    found = access.experiment(request.actor, experiment_id)
    actions.delete_experiment(found, by=request.actor)
    say_deleted(
        request, f"“{found.name}” and its runs are deleted.", "experiments:experiment-restore", found.pk
    )
    return redirect("experiments:experiments")


@require_POST
@page(role=Role.EDITOR)
def restore(request: PageRequest, experiment_id: int) -> HttpResponse:
    found = access.experiment(request.actor, experiment_id)
    actions.restore_experiment(found, by=request.actor)
    return redirect("experiments:experiment", found.pk)


def _board(experiment: Experiment) -> dict[str, Any]:
    jobs = live_jobs(experiment)
    board = leaderboard.of_experiment(experiment)
    return {
        "experiment": experiment,
        "problem": experiment.problem,
        "jobs": jobs,
        "live": bool(jobs),
        **board,
    }
