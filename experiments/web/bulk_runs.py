"""What is done to the selected runs of a runs table: compare, delete and undo, tag, move, export as CSV.

A script gets JSON and goes on; a form without one gets a page and a message.
"""

import csv
import uuid
from collections.abc import Callable, Iterator
from functools import wraps
from io import StringIO
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST

from experiments import access
from experiments.actions import bulk_runs as actions
from experiments.actions import moving
from experiments.queries import runs_table as queries
from experiments.queries.table_state import TableState
from experiments.web import table_cells as cells
from experiments.web import table_links as links
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid, MlregistryError
from mlregistry.ml.table_export import neutral
from mlregistry.ui.page import PageRequest, origin, page, whole

LINES_AT_ONCE = 200
View = Callable[..., HttpResponse]


def spoken(view: View) -> View:
    """What is wrong is told to a script as JSON."""

    @wraps(view)
    def answer(request: PageRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except MlregistryError as error:
            if not request.htmx:
                raise
            return JsonResponse({"error": error.message}, status=error.status)

    return answer


@require_POST
@page(role=Role.EDITOR)
@spoken
def delete(request: PageRequest, experiment_id: int) -> HttpResponse:
    experiment = access.experiment(request.actor, experiment_id)
    n_runs, moment = actions.delete_runs(experiment, _runs(request), by=request.actor)
    text = f"{_counted(n_runs)} deleted; the trash can bring them back."
    return _done(request, text, undo=moment.isoformat(), n=n_runs)


@require_POST
@page(role=Role.EDITOR)
@spoken
def restore(request: PageRequest, experiment_id: int) -> HttpResponse:
    experiment = access.experiment(request.actor, experiment_id)
    moment = _moment(request.POST.get("undo", ""))
    n_runs = actions.restore_runs(experiment, moment, by=request.actor)
    return _done(request, f"{_counted(n_runs)} restored.", n=n_runs)


@require_POST
@page(role=Role.EDITOR)
@spoken
def tag(request: PageRequest, experiment_id: int) -> HttpResponse:
    experiment = access.experiment(request.actor, experiment_id)
    key, value = request.POST.get("key", "").strip(), request.POST.get("value", "")
    wanted = None if "remove" in request.POST else value
    n_runs = actions.tag_runs(experiment, _runs(request), key, wanted, by=request.actor)
    said = "lost the tag" if wanted is None else "tagged"
    return _done(request, f"{_counted(n_runs)} {said} “{key}”.", n=n_runs)


@require_POST
@page(role=Role.EDITOR)
@spoken
def move(request: PageRequest, experiment_id: int) -> HttpResponse:
    experiment = access.experiment(request.actor, experiment_id)
    target = access.experiment(request.actor, whole(request.POST.get("to"), "to"))
    queries.check_own(experiment, runs := _runs(request))
    moved = moving.move_runs(runs, to=target, by=request.actor)
    return _done(request, f"{_counted(len(moved))} moved to “{target.name}”.", n=len(moved))


@require_POST
@page()
def compare(request: PageRequest, experiment_id: int) -> HttpResponse:
    """For a form without a script; a script goes there itself."""
    queries.check_own(access.experiment(request.actor, experiment_id), runs := _runs(request))
    return redirect(
        f"{reverse('experiments:compare')}?{urlencode({'run': [str(one) for one in runs]}, doseq=True)}"
    )


@require_POST
@page()
def export(request: PageRequest, experiment_id: int) -> StreamingHttpResponse:
    """The selected runs, or all that match, with the table's columns."""
    experiment = access.experiment(request.actor, experiment_id)
    state, now = links.state_in(request.POST, experiment, None), links.moment_in(request.POST)
    only = _runs(request) if request.POST.get("runs") or request.POST.getlist("run") else []
    rows = queries.exported(request.actor.team, experiment, state, now=now, only=only)
    answer = StreamingHttpResponse(_csv(state, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="runs-{experiment.pk}.csv"'
    return answer


def _csv(state: TableState, rows: Iterator[Any]) -> Iterator[str]:
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(["run_id", "run_name", *(neutral(column.name) for column in state.columns)])
    for number, row in enumerate(rows, 1):
        writer.writerow(cells.exported(row))
        if number % LINES_AT_ONCE == 0:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def _runs(request: PageRequest) -> list[uuid.UUID]:
    """`runs` in one field, parted by commas, or `run` once for each."""
    given = [*request.POST.get("runs", "").split(","), *request.POST.getlist("run")]
    texts = list(dict.fromkeys(text.strip() for text in given if text.strip()))
    if not texts:
        raise Invalid("Select runs first.", field="runs")
    if len(texts) > queries.MOST_CHOSEN:
        raise Invalid(f"Choose at most {queries.MOST_CHOSEN:,} runs.", field="runs")
    try:
        return [uuid.UUID(text) for text in texts]
    except ValueError as error:
        raise Invalid("What is selected are no ids of runs; load the page again.", field="runs") from error


def _moment(text: str) -> Any:
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Invalid("There is nothing to undo.", field="undo")
    return found


def _counted(n_runs: int) -> str:
    return f"{n_runs:,} run{'' if n_runs == 1 else 's'}"


def _done(request: PageRequest, text: str, **more: Any) -> HttpResponse:
    if request.htmx:
        return JsonResponse({"text": text, **more})
    messages.success(request, text)
    return redirect(origin(request))
