"""Pages of logged models: those of an experiment, and one with what it measured, its files and its versions."""

from django.db.models import prefetch_related_objects
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from experiments import access
from experiments.actions import logged_models as actions
from experiments.models import Artifact
from experiments.queries import logged_models as queries
from experiments.queries import model_relations as relations
from experiments.web import files
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid, NotFound
from mlregistry.ui.page import PageRequest, page
from mlregistry.ui.undo import say_deleted

ON_A_PAGE = 100
MOST_VERSIONS = 200


@require_GET
@page()
def logged_models(request: PageRequest, experiment_id: int) -> HttpResponse:
    found = access.experiment(request.actor, experiment_id)
    filter, token = request.GET.get("filter", "").strip(), request.GET.get("page_token", "")
    context = {"experiment": found, "filter": filter}
    try:
        listed = queries.search(
            request.actor.team.pk, [found.pk], filter=filter, max_results=ON_A_PAGE, page_token=token
        )
        prefetch_related_objects(listed.rows, "source_run")
        context |= {"models": listed.rows, "next_page_token": listed.next_page_token}
    except Invalid as error:
        context["filter_error"] = error.message
    return render(request, "experiments/logged_models.html", context)


@require_GET
@page()
def logged_model(request: PageRequest, model_id: str) -> HttpResponse:
    found = access.logged_model(request.actor, model_id, deleted=True)
    context = {
        "model": found,
        "measured": relations.measured(found),
        "params": sorted(found.params.items()),
        "tags": sorted(pair for pair in found.tags.items() if not pair[0].startswith("mlflow.")),
        "files": files.listed(relations.files(found), "experiments:logged-model-file", found.model_id),
        "versions": found.model_versions.select_related("model").order_by("model__name", "-number")[
            :MOST_VERSIONS
        ],
    }
    return render(request, "experiments/logged_model.html", context)


@require_POST
@page(role=Role.EDITOR)
def delete(request: PageRequest, model_id: str) -> HttpResponse:
    found = access.logged_model(request.actor, model_id)
    actions.delete_logged_model(found, by=request.actor)
    text = f"The logged model “{found.name}” is deleted."
    say_deleted(request, text, "experiments:logged-model-restore", found.model_id)
    return redirect("experiments:experiment", found.experiment_id)


@require_POST
@page(role=Role.EDITOR)
def restore(request: PageRequest, model_id: str) -> HttpResponse:
    found = access.logged_model(request.actor, model_id, deleted=True)
    actions.restore_logged_model(found, by=request.actor)
    return redirect("experiments:logged-model", found.model_id)


@require_GET
@page()
def file(request: PageRequest, model_id: str, artifact_id: int) -> FileResponse:
    return files.download(_file(request, model_id, artifact_id))


@require_GET
@page()
def preview(request: PageRequest, model_id: str, artifact_id: int) -> HttpResponse:
    return files.preview(request, _file(request, model_id, artifact_id))


def _file(request: PageRequest, model_id: str, artifact_id: int) -> Artifact:
    model = access.logged_model(request.actor, model_id, deleted=True)
    found = relations.files(model).filter(pk=artifact_id).first()
    if found is None:
        raise NotFound("This logged model has no such file.")
    return found
