"""The page of two versions side by side, and the address that once led to what changed in one version."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from experiments import access
from experiments.models import Dataset
from experiments.queries import comparisons as queries
from mlregistry.errors import Conflict, NotFound
from mlregistry.ui.page import PageRequest, page, whole

from . import comparison_figures

VERSIONS_LISTED = 500


@require_GET
@page()
def compare(request: PageRequest, dataset_id: int) -> HttpResponse:
    dataset = access.dataset(request.actor, dataset_id)
    context = _chosen(request, dataset)
    try:
        context |= _compared(request, dataset, context["before"], context["after"])
    except Conflict as error:
        context["reason"] = error.message
    return render(request, "experiments/comparison.html", context)


@require_GET
@page()
def changes(request: PageRequest, dataset_id: int, number: int) -> HttpResponse:
    version = access.dataset_version(request.actor, dataset_id, number)
    earlier = access.dataset_versions(request.actor, dataset_id).filter(number__lt=number).order_by("-number")
    before = earlier.values_list("number", flat=True).first()
    if before is None:
        raise NotFound(f"{version} has no version before it to be compared with.")
    return redirect(f"{reverse('experiments:compare-versions', args=[dataset_id])}?from={before}&to={number}")


def _chosen(request: PageRequest, dataset: Dataset) -> dict[str, Any]:
    """The later one is the newest if none is named, the earlier one the version before it."""
    versions = list(access.dataset_versions(request.actor, dataset.pk).order_by("-number")[:VERSIONS_LISTED])
    if len(versions) < 2:
        raise Conflict("There is one version only; two are needed to compare.")
    after = whole(request.GET.get("to"), "to", default=versions[0].number)
    older = [version.number for version in versions if version.number < after] or [versions[0].number]
    before = whole(request.GET.get("from"), "from", default=older[0])
    return {"dataset": dataset, "versions": versions, "before": before, "after": after}


def _compared(request: PageRequest, dataset: Dataset, before: int, after: int) -> dict[str, Any]:
    if before == after:
        raise Conflict("Choose two different versions.")
    left = access.dataset_version(request.actor, dataset.pk, before)
    right = access.dataset_version(request.actor, dataset.pk, after)
    found = queries.compared(left, right)
    return {
        "found": found,
        "difference": found.difference,
        "lines": comparison_figures.at_a_glance(found),
        "cards": comparison_figures.cards(found.difference),
        "n_columns": len(found.difference.columns),
    }
