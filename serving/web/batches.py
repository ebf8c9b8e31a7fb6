"""Pages of batch predictions: those of an endpoint with the form for a new one, and one with its result."""

from pathlib import PurePath
from typing import Any

from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from experiments import access as experiments_access
from experiments.actions.datasets import add_version, create_dataset
from experiments.models import DatasetVersion
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid, NotFound
from mlregistry.jobs.actions.jobs import cancel as cancel_job
from mlregistry.ml.table_export import FORMATS
from mlregistry.ui.page import PageRequest, page, whole
from serving import access
from serving.actions.batches import start_batch
from serving.models import Endpoint
from serving.queries.batches import exported, state_of

MOST_SHOWN = 100
NEWEST = 5
MOST_DATA = 500
MOST_REFUSED = 200


@require_http_methods(["GET", "POST"])
@page(change=Role.EDITOR, form=True)
def batches(request: PageRequest, name: str) -> HttpResponse:
    endpoint = access.endpoint(request.actor, name)
    if request.method == "POST":
        form = request.POST
        batch = start_batch(
            endpoint,
            _data(request),
            variant=form.get("variant") or None,
            id_column=form.get("id_column", "").strip(),
            exact=form.get("exact") == "on",
            save_as=form.get("save_as", "").strip(),
            by=request.actor,
        )
        return redirect("serving:batch", batch.pk)
    return render(request, "serving/batches.html", _found(request, endpoint))


@require_GET
@page()
def batch(request: PageRequest, batch_id: int) -> HttpResponse:
    found = access.batch(request.actor, batch_id)
    live = found.result is None and found.job is not None and found.job.is_live
    context = {
        "batch": found, "job": found.job, "state": state_of(found), "live": live,
        "refused": found.refused[:MOST_REFUSED], "n_more": max(0, found.n_refused - MOST_REFUSED),
    }  # fmt: skip
    return render(request, "serving/batch_state.html" if request.htmx else "serving/batch.html", context)


@require_POST
@page(role=Role.EDITOR)
def cancel(request: PageRequest, batch_id: int) -> HttpResponse:
    found = access.batch(request.actor, batch_id)
    if found.job is None:
        raise NotFound("The job of this batch is gone.")
    cancel_job(found.job, by=request.actor)
    return redirect("serving:batch", batch_id)


@require_GET
@page()
def download(request: PageRequest, batch_id: int) -> FileResponse:
    found, kind = access.batch(request.actor, batch_id), request.GET.get("as", "csv")
    file = exported(found, format=kind)
    name = f"{found.endpoint.name} batch {found.pk}.{kind}"
    return FileResponse(file, as_attachment=True, filename=name, content_type=FORMATS[kind])


def _data(request: PageRequest) -> DatasetVersion:
    """A version of the list, or a table that is uploaded as a dataset of its own."""
    file = request.FILES.get("file")
    if file is not None:
        name = request.POST.get("upload_name", "").strip() or PurePath(file.name or "table").stem
        dataset = experiments_access.datasets(request.actor).filter(name=name).first()
        dataset = dataset or create_dataset(name, by=request.actor)
        return add_version(dataset, file, filename=file.name or "table.csv", by=request.actor)
    chosen = whole(request.POST.get("data"), "data")
    if not chosen:
        raise Invalid("Choose a dataset, or a file to upload.", field="data")
    return experiments_access.dataset_version_by_id(request.actor, chosen)


def _found(request: PageRequest, endpoint: Endpoint) -> dict[str, Any]:
    rows = list(access.batches(request.actor).filter(endpoint=endpoint)[:MOST_SHOWN])
    variants = [(row.name, f"{row.name} ({row.version})") for row in endpoint.variants.all()]
    versions = _newest(request, endpoint)
    return {
        "endpoint": endpoint,
        "batches": [(row, state_of(row)) for row in rows],
        "data": [("", "–"), *((version.pk, str(version)) for version in versions)],
        "variants": [("", "the one with most traffic"), *variants],
    }


def _newest(request: PageRequest, endpoint: Endpoint) -> list[DatasetVersion]:
    """The newest five versions of each dataset, those of the endpoint's problem first."""
    found = []
    for dataset in experiments_access.datasets(request.actor).prefetch_related("versions").order_by("name"):
        for version in sorted(dataset.versions.all(), key=lambda row: -row.number)[:NEWEST]:
            version.dataset = dataset
            found.append(version)
    return sorted(found, key=lambda row: row.dataset.problem_id != endpoint.problem_id)[:MOST_DATA]
