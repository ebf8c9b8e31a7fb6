"""Pages of runs: one run with everything it recorded, its files, and several runs side by side."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from experiments import access
from experiments.actions import explanations
from experiments.actions import runs as actions
from experiments.actions.settling import settle_runs
from experiments.models import Artifact, Run
from experiments.queries import model_relations, studies, test_uses
from experiments.queries import run_relations as relations
from experiments.queries import runs as queries
from experiments.web import evaluation_figures, figures, files, provenance
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid, NotFound
from mlregistry.lib import tag_names
from mlregistry.ui.page import PageRequest, page

POINTS = 400
HISTORIES = 8
MOST_COMPARED = 10


@require_GET
@page()
def run(request: PageRequest, run_id: UUID) -> HttpResponse:
    settle_runs(request.actor.team)
    found = access.run(request.actor, run_id)
    if request.htmx:
        return render(request, "experiments/run_status.html", {"run": found})
    context = {
        "run": found,
        "metrics": figures.table(
            {row.key: row.number for row in found.latest_metrics.all()},
            found.problem.kind if found.problem else "",
        ),
        "params": found.params.order_by("key"),
        "tags": found.tags.exclude(key__startswith="mlflow.").order_by("key"),
        "curves": {row.name: row.data for row in found.curves.order_by("pk")},
        "histories": _histories(found),
        "files": files.listed(relations.files(found), "experiments:run-artifact", found.pk),
        "models": model_relations.made_by(found),
        "children": relations.children(found),
        "children_address": _children_address(found),
        "datasets": relations.datasets(found),
        "provenance": provenance.panel(found),
        "versions": found.model_versions.select_related("model").order_by("model__name", "number"),
        "model_name": _model_name(found),
        "evaluation": evaluation_figures.of_run(found),
        "looks": test_uses.looks(found),
        "study": studies.of_run(found),
    }
    return render(request, "experiments/run.html", context)


@require_POST
@page(role=Role.EDITOR)
def note(request: PageRequest, run_id: UUID) -> HttpResponse:
    found = access.run(request.actor, run_id)
    actions.set_note(found, request.POST.get("note", ""), by=request.actor)
    messages.success(request, "The note is kept.")
    return redirect("experiments:run", found.pk)


@require_POST
@page(role=Role.EDITOR)
def explain(request: PageRequest, run_id: UUID) -> HttpResponse:
    job = explanations.start_explanation(access.run(request.actor, run_id), by=request.actor)
    messages.success(request, "The explanation is being drawn; it appears on the run's page.")
    return redirect("jobs:job", job.pk)


@require_POST
@page(role=Role.EDITOR)
def delete(request: PageRequest, run_id: UUID) -> HttpResponse:
    found = access.run(request.actor, run_id)
    actions.delete_run(found, by=request.actor)
    messages.success(request, f"The run “{found.name}” is deleted.")
    return redirect("experiments:experiment", found.experiment_id)


@require_POST
@page(role=Role.EDITOR)
def restore(request: PageRequest, run_id: UUID) -> HttpResponse:
    found = access.run(request.actor, run_id)
    actions.restore_run(found, by=request.actor)
    return redirect("experiments:run", found.pk)


@require_GET
@page()
def artifact(request: PageRequest, run_id: UUID, artifact_id: int) -> FileResponse:
    return files.download(_file(request, run_id, artifact_id))


@require_GET
@page()
def preview(request: PageRequest, run_id: UUID, artifact_id: int) -> HttpResponse:
    return files.preview(request, _file(request, run_id, artifact_id))


@require_GET
@page()
def compare(request: PageRequest) -> HttpResponse:
    wanted = list(dict.fromkeys(request.GET.getlist("run")))
    if not 2 <= len(wanted) <= MOST_COMPARED:
        raise Invalid(f"Choose 2 to {MOST_COMPARED} runs to compare.")
    runs = [access.run(request.actor, key) for key in wanted]
    verdicts = evaluation_figures.verdicts(runs)
    return render(
        request, "experiments/compare.html", {"runs": runs, "verdicts": verdicts, **figures.comparison(runs)}
    )


def _file(request: PageRequest, run_id: UUID, artifact_id: int) -> Artifact:
    found = relations.files(access.run(request.actor, run_id)).filter(pk=artifact_id).first()
    if found is None:
        raise NotFound("This run has no such file.")
    return found


def _histories(run: Run) -> dict[str, Any]:
    """A line chart for each of the first metrics that were logged at more than one step."""
    counts = (
        run.metric_points.values("key")
        .annotate(n=Count("step", distinct=True))
        .filter(n__gt=1)
        .order_by("key")
    )
    charts: dict[str, Any] = {}
    for row in counts[:HISTORIES]:
        points = queries.history(run, row["key"], max_points=POINTS)
        charts[f"history-{len(charts)}"] = figures.history(row["key"], points)
    return charts


def _children_address(run: Run) -> str:
    """The experiment's runs, filtered to the run's children."""
    query = urlencode({"filter": f"tags.`{tag_names.PARENT_RUN}` = '{run.pk.hex}'"})
    return f"{reverse('experiments:runs-table', args=[run.experiment_id])}?{query}"


def _model_name(run: Run) -> str:
    text = run.problem.name if run.problem else run.experiment.name
    return "-".join("".join(letter if letter.isalnum() else " " for letter in text.lower()).split())[:80]
