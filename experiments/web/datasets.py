"""Pages of datasets: the list, the upload, one version with its schema, preview and fit to a problem."""

from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from experiments import access
from experiments.actions import datasets as actions
from experiments.models import DatasetVersion, Problem
from experiments.queries import contracts as contract_queries
from experiments.queries import datasets as queries
from experiments.queries import quality, streams
from experiments.web import contracts, preview_rows
from experiments.web import quality as quality_pages
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.ml.reading import parse
from mlregistry.ml.table_export import FORMATS
from mlregistry.ui.page import PageRequest, page, whole

ROWS_SHOWN = 50
MOST_ROWS = 500  # at once, of a table that is scrolled
COLUMNS_SHOWN = 100
LARGEST_LIST = 500


@require_GET
@page()
def datasets(request: PageRequest) -> HttpResponse:
    found = access.datasets(request.actor).select_related("problem").prefetch_related("versions")
    return render(
        request, "experiments/datasets.html", {"datasets": found.order_by("-created_at")[:LARGEST_LIST]}
    )


@require_http_methods(["GET", "POST"])
@page(role=Role.EDITOR, form=True)
def create(request: PageRequest) -> HttpResponse:
    if request.method == "POST":
        return _created(request)
    problems = access.problems(request.actor).order_by("name")
    chosen = request.POST.get("problem") or request.GET.get("problem", "")
    return render(request, "experiments/dataset_form.html", {"problems": problems, "chosen": chosen})


def _created(request: PageRequest) -> HttpResponse:
    file, form, how = _file(request), request.POST, parse(request.POST)
    problem = _chosen_problem(request, form.get("problem"))
    name = form.get("name", "").strip() or str(file.name).partition(".")[0] or str(file.name)
    with transaction.atomic():
        dataset = actions.create_dataset(
            name, description=form.get("description", "").strip(), problem=problem, by=request.actor
        )
        version = actions.add_version(dataset, file, filename=str(file.name), reading=how, by=request.actor)
    return redirect("experiments:dataset-version", dataset.pk, version.number)


@require_http_methods(["GET", "POST"])
@page(change=Role.EDITOR, form=True)
def dataset(request: PageRequest, dataset_id: int) -> HttpResponse:
    found = access.dataset(request.actor, dataset_id)
    if request.method == "POST":
        file = _file(request)
        append, how = request.POST.get("mode") == "append", parse(request.POST)
        version = actions.add_version(
            found, file, filename=str(file.name), append=append, reading=how, by=request.actor
        )
        return redirect("experiments:dataset-version", found.pk, version.number)
    moments = quality.timeline(found)
    context = {
        "dataset": found,
        "moments": moments[::-1],
        "charts": quality_pages.charts(moments),
        "contract": contract_queries.current(found),
        "alerts": quality.open_alerts(dataset=found)[:LARGEST_LIST],
        "sources": access.sources(request.actor, found.pk).order_by("name"),
        "n_waiting": streams.n_waiting(found),
    }
    return render(request, "experiments/dataset.html", context)


@require_GET
@page()
def version(request: PageRequest, dataset_id: int, number: int) -> HttpResponse:
    found = access.dataset_version(request.actor, dataset_id, number)
    offset = max(0, whole(request.GET.get("offset"), "offset"))
    problem = _chosen_problem(request, request.GET.get("problem")) or found.dataset.problem
    previewed = found.columns[:COLUMNS_SHOWN]
    rows = queries.preview(found, offset=offset, limit=ROWS_SHOWN)
    context = {
        "version": found,
        "dataset": found.dataset,
        "previewed": previewed,
        "rows": preview_rows.body(rows, previewed, first=offset),
        "offset": offset,
        "earlier": max(0, offset - ROWS_SHOWN),
        "later": offset + ROWS_SHOWN,
        **contracts.card(found),
        **_fit(request, found, problem),
    }
    return render(request, "experiments/dataset_version.html", context)


@require_GET
@page()
def rows(request: PageRequest, dataset_id: int, number: int) -> HttpResponse:
    """Rows of the table while it is scrolled; a version never changes, so a browser may keep them."""
    found = access.dataset_version(request.actor, dataset_id, number)
    offset = max(0, whole(request.GET.get("offset"), "offset"))
    limit = min(max(1, whole(request.GET.get("limit"), "limit", default=ROWS_SHOWN)), MOST_ROWS)
    some = queries.preview(found, offset=offset, limit=limit)
    answer = HttpResponse(preview_rows.body(some, found.columns[:COLUMNS_SHOWN], first=offset))
    answer["Cache-Control"] = "private, max-age=3600, immutable"
    return answer


@require_GET
@page()
def download(request: PageRequest, dataset_id: int, number: int) -> FileResponse:
    found = access.dataset_version(request.actor, dataset_id, number)
    kind = request.GET.get("as", "csv")
    file = queries.exported(found, format=kind)
    name = f"{found.dataset.name} v{number}.{kind}"
    return FileResponse(file, as_attachment=True, filename=name, content_type=FORMATS[kind])


@require_POST
@page(role=Role.EDITOR)
def delete(request: PageRequest, dataset_id: int) -> HttpResponse:
    found = access.dataset(request.actor, dataset_id)
    actions.delete_dataset(found, by=request.actor)
    messages.success(request, f"The dataset “{found.name}” is deleted.")
    return redirect("experiments:datasets")


def _fit(request: PageRequest, version: DatasetVersion, problem: Problem | None) -> dict[str, Any]:
    findings = queries.fit(problem, version) if problem else []
    return {
        "problem": problem,
        "problems": access.problems(request.actor).order_by("name"),
        "findings": findings,
        "fits": problem is not None and not any(finding.severity == "error" for finding in findings),
    }


def _file(request: PageRequest) -> "UploadedFile[Any]":
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        raise Invalid("Choose a file to upload.", field="file")
    return file


def _chosen_problem(request: PageRequest, value: str | None) -> Problem | None:
    return access.problem(request.actor, whole(value, "problem")) if value else None
