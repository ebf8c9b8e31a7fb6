"""Pages of runs: one run with everything it recorded, what people change of it, and its files."""

from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_GET, require_POST

from experiments import access
from experiments.actions import explanations, logging, stopping
from experiments.actions import runs as actions
from experiments.actions.settling import settle_runs
from experiments.models import Artifact
from experiments.queries import run_relations as relations
from experiments.web import file_previews, files, run_page
from mlregistry.accounts.models import Role
from mlregistry.errors import NotFound
from mlregistry.ui.page import PageRequest, page
from mlregistry.ui.undo import say_deleted


@require_GET
@page()
def run(request: PageRequest, run_id: UUID) -> HttpResponse:
    settle_runs(request.actor.team)
    found = access.run(request.actor, run_id)
    if request.htmx:
        return render(request, "experiments/run_status.html", {"run": found})
    return render(request, "experiments/run.html", run_page.context(found))


@require_GET
@page()
def run_by_hex(request: PageRequest, run_id: str) -> HttpResponse:
    """An id without its dashes, as MLflow's clients print it."""
    return redirect("experiments:run", access.run(request.actor, run_id).pk)


@require_POST
@page(role=Role.EDITOR)
def note(request: PageRequest, run_id: UUID) -> HttpResponse:
    found = access.run(request.actor, run_id)
    actions.set_note(found, request.POST.get("note", ""), by=request.actor)
    messages.success(request, "The note is kept.")
    return redirect("experiments:run", found.pk)


@require_POST
@page(role=Role.EDITOR)
def tags(request: PageRequest, run_id: UUID) -> HttpResponse:
    """Set one tag, or delete it."""
    found = access.run(request.actor, run_id)
    key = request.POST.get("key", "").strip()
    if request.POST.get("action") == "delete":
        logging.delete_tag(found, key, by=request.actor)
        messages.success(request, f"The tag “{key}” is gone.")
    else:
        logging.log_batch(found, tags={key: request.POST.get("value", "")}, by=request.actor)
        messages.success(request, f"The tag “{key}” is kept.")
    return redirect(f"{reverse('experiments:run', args=[found.pk])}#tags")


@require_POST
@page(role=Role.EDITOR)
def cancel(request: PageRequest, run_id: UUID) -> HttpResponse:
    stopping.stop_run(access.run(request.actor, run_id), by=request.actor)
    messages.success(request, "The run is being stopped.")
    return redirect("experiments:run", run_id)


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
    say_deleted(request, f"The run “{found.name}” is deleted.", "experiments:run-restore", found.pk)
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
    shown = reverse("experiments:run-artifact-show", args=[run_id, artifact_id])
    return files.preview(request, _file(request, run_id, artifact_id), shown=shown)


@require_GET
@xframe_options_exempt
@page()
def show(request: PageRequest, run_id: UUID, artifact_id: int) -> HttpResponse | FileResponse:
    """An image or an HTML file itself, in a sandbox of its own."""
    return file_previews.shown(_file(request, run_id, artifact_id))


def _file(request: PageRequest, run_id: UUID, artifact_id: int) -> Artifact:
    found = relations.files(access.run(request.actor, run_id)).filter(pk=artifact_id).first()
    if found is None:
        raise NotFound("This run has no such file.")
    return found
