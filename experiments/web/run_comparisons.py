"""The page of several runs side by side; each of its views is gathered when it is looked at, the address holds all."""

import base64
import binascii
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from experiments import access
from experiments.models import LIVE
from experiments.queries import runs as queries
from experiments.queries.metric_curves import MOST_RUNS
from experiments.queries.run_comparisons import NOT_COMPARABLE
from experiments.queries.run_files import images
from experiments.queries.runs import Row
from experiments.web import evaluation_figures, figures, run_page, run_plots
from mlregistry.errors import Invalid, NotFound
from mlregistry.ui.page import PageRequest, page

MOST_VERDICTS_AMONG = 10
LIVE_VIEWS = ("values", "curves")
ID_CHARACTERS = 22  # of a run's id in the address, base64


@require_GET
@page()
def compare(request: PageRequest) -> HttpResponse:
    view = request.GET.get("view", "values")
    if view not in VIEWS:
        raise Invalid(f"A view is one of {', '.join(VIEWS)}.")
    rows = _rows(request, _chosen(request))
    context = _shared(view, rows) | VIEWS[view][1](request, rows)
    return render(request, "experiments/compare.html", context)


def _rows(request: PageRequest, run_ids: Sequence[uuid.UUID]) -> list[Row]:
    """In the order asked for; NotFound if one is not the team's."""
    runs = queries.with_measurements(access.runs(request.actor).filter(pk__in=run_ids))
    found = {row.run.pk: row for row in queries.page(runs)}
    if len(found) != len(run_ids):
        raise NotFound(f"Not all of these runs are in {request.actor.team.name}.")
    return [found[run_id] for run_id in run_ids]


def _shared(view: str, rows: Sequence[Row]) -> dict[str, Any]:
    """What every view shows; `ids` are the runs as the addresses of the views name them."""
    live = [row.run for row in rows if row.run.status in LIVE and view in LIVE_VIEWS]
    return {
        "rows": rows,
        "n_live": len(live),
        "live": {
            "address": reverse("api-live-runs"),
            "runs": [row.run.pk.hex for row in rows],
            "changes": {run.pk.hex: run.changes for run in live},
        },
        "runs": [row.run for row in rows],
        "view": view,
        "views": [(name, title) for name, (title, _) in VIEWS.items()],
        "ids": "".join(base64.urlsafe_b64encode(row.run.pk.bytes).decode().rstrip("=") for row in rows),
        "is_comparison": True,
    }


def _chosen(request: PageRequest) -> list[uuid.UUID]:
    """`run` once for each, or `ids` with all of them in short."""
    short = request.GET.get("ids", "")
    texts = [short[at : at + ID_CHARACTERS] for at in range(0, len(short), ID_CHARACTERS)]
    try:
        given = [uuid.UUID(bytes=base64.urlsafe_b64decode(f"{text}==")) for text in texts]
        given += [uuid.UUID(text) for text in request.GET.getlist("run")]
    except (ValueError, binascii.Error) as error:
        raise Invalid("One of these is no id of a run. Choose the runs anew in their table.") from error
    run_ids = list(dict.fromkeys(given))
    if not 2 <= len(run_ids) <= MOST_RUNS:
        raise Invalid(f"Choose 2 to {MOST_RUNS} runs to compare.")
    return run_ids


def _values(request: PageRequest, rows: Sequence[Row]) -> dict[str, Any]:
    runs = [row.run for row in rows]
    metrics = figures.side_by_side([row.metrics for row in rows])
    params = figures.side_by_side([row.params for row in rows])
    verdicts = evaluation_figures.verdicts(runs) if len(rows) <= MOST_VERDICTS_AMONG else []
    return {
        "metric_rows": metrics,
        "param_rows": params,
        "n_alike": sum(not row["differs"] for row in params),
        "bars": figures.bars(runs, [row.metrics for row in rows])
        if len(rows) <= MOST_VERDICTS_AMONG
        else None,
        "verdicts": verdicts,
        "can_tell": any(one.verdict != NOT_COMPARABLE for one in verdicts),
    }


def _curves(request: PageRequest, rows: Sequence[Row]) -> dict[str, Any]:
    runs = [row.run for row in rows]
    keys = sorted({key for run in runs for key in run_page.history_keys(list(run.latest_metrics.all()))})
    return {"setup": run_page.setup(runs, keys)}


def _recipes(request: PageRequest, rows: Sequence[Row]) -> dict[str, Any]:
    return {"recipes": figures.recipe_differences([row.run for row in rows])}


def _matrices(request: PageRequest, rows: Sequence[Row]) -> dict[str, Any]:
    curves = queries.named_curves([row.run for row in rows], ("roc", "pr", "confusion_matrix"))
    return figures.matrices([row.run for row in rows], curves)


def _files(request: PageRequest, rows: Sequence[Row]) -> dict[str, Any]:
    return {"paths": images([row.run for row in rows])}


def _plots(request: PageRequest, rows: Sequence[Row]) -> dict[str, Any]:
    return run_plots.plots(rows, request.GET)


def _groups(request: PageRequest, rows: Sequence[Row]) -> dict[str, Any]:
    return run_plots.grouped(rows, request.GET)


View = Callable[[PageRequest, Sequence[Row]], dict[str, Any]]
VIEWS: Mapping[str, tuple[str, View]] = {
    "values": ("Metrics and params", _values),
    "curves": ("Curves", _curves),
    "groups": ("Groups", _groups),
    "plots": ("Plots", _plots),
    "matrices": ("ROC and confusion", _matrices),
    "recipes": ("Recipes", _recipes),
    "files": ("Images", _files),
}
