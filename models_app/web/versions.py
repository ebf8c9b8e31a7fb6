"""Pages of model versions: registering a run, one version with signature, files and lineage."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from experiments import access as runs
from mlregistry.accounts.models import Role
from mlregistry.ui.page import PageRequest, page
from models_app import access
from models_app.actions import versions as actions
from models_app.models import ModelVersion
from models_app.queries.formats import can_serve, forms_of
from models_app.queries.intakes import intake_of
from models_app.queries.lineage import lineage
from models_app.queries.optimisations import origin_of, why_not
from models_app.queries.promotions import of_version
from models_app.queries.version_metrics import held_out
from models_app.web.compilations import compilation_context
from models_app.web.model_tests import line_context

PROMPT = "mlflow.prompt.text"


@require_POST
@page(role=Role.EDITOR)
def register(request: PageRequest, run_id: UUID) -> HttpResponse:
    run = runs.run(request.actor, run_id)
    form = request.POST
    made = actions.register(
        run, form.get("model", "").strip(), description=form.get("description", "").strip(), by=request.actor
    )
    messages.success(request, f"Registered as version {made.number} of “{made.model.name}”.")
    return redirect("models_app:version", made.model.name, made.number)


@require_GET
@page()
def version(request: PageRequest, name: str, number: int) -> HttpResponse:
    found = access.version(request.actor, name, number)
    context = {
        **compilation_context(found),
        **line_context(found),
        "lineage": lineage(found),
        "forms": forms_of(found),
        "intake": intake_of(found),
        "origin": origin_of(found),
        "can_optimise": not why_not(found),
        "can_serve": can_serve(found),
        "aliases": found.aliases.order_by("name"),
        "promotions": of_version(found),
        "version_key": f"{name}:{number}",
        "former_number": _compared(request, found),
        "variants": found.variants.select_related("endpoint").order_by("endpoint__name"),
        "metrics": held_out(found.metrics or _of_run(found), found.model.problem).items(),
        "prompt": found.tags.get(PROMPT, ""),
        "tags": sorted((key, value) for key, value in found.tags.items() if key != PROMPT),
    }
    return render(request, "models_app/version.html", context)


@require_POST
@page(role=Role.EDITOR)
def delete(request: PageRequest, name: str, number: int) -> HttpResponse:
    found = access.version(request.actor, name, number)
    actions.delete_version(found, by=request.actor)
    messages.success(request, f"Version {number} is deleted; its number is not used again.")
    return redirect("models_app:model", name)


def _compared(request: PageRequest, version: ModelVersion) -> int | None:
    """The version before it, or the next one for the first."""
    rows = access.versions(request.actor).filter(model=version.model).exclude(pk=version.pk)
    before = rows.filter(number__lt=version.number).order_by("-number")
    return (before.first() or rows.order_by("number").first() or version).number if rows.exists() else None


def _of_run(version: ModelVersion) -> dict[str, float]:
    """The last values that a client's run logged."""
    rows = version.run.latest_metrics.all() if version.run else ()
    return {row.key: row.number for row in rows}
