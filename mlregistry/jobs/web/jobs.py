"""Pages of jobs: the list, and one with its progress and log while it runs."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from mlregistry.accounts.models import Role
from mlregistry.jobs import access
from mlregistry.jobs.actions import jobs as actions
from mlregistry.jobs.models import State
from mlregistry.jobs.queries import jobs as queries
from mlregistry.ui.page import PageRequest, page, whole

LARGEST_LIST = 200


@require_GET
@page()
def jobs(request: PageRequest) -> HttpResponse:
    state = request.GET.get("state", "")
    found = list(queries.jobs_of(request.actor.team, state=state)[:LARGEST_LIST])
    live = any(job.is_live for job in found)
    context = {"jobs": found, "state": state, "states": State.values, "live": live}
    return render(request, "jobs/table.html" if request.htmx else "jobs/jobs.html", context)


@require_GET
@page()
def job(request: PageRequest, job_id: UUID) -> HttpResponse:
    found = access.job(request.actor, job_id)
    if request.htmx:
        return render(request, "jobs/status.html", {"job": found})
    return render(request, "jobs/job.html", {"job": found, **_log(request, job_id)})


@require_GET
@page()
def log(request: PageRequest, job_id: UUID) -> HttpResponse:
    """The lines after `after`, with the mark that asks for those that follow."""
    return render(request, "jobs/log.html", _log(request, job_id))


@require_POST
@page(role=Role.EDITOR)
def cancel(request: PageRequest, job_id: UUID) -> HttpResponse:
    actions.cancel(access.job(request.actor, job_id), by=request.actor)
    return redirect("jobs:job", job_id)


@require_POST
@page(role=Role.EDITOR)
def retry(request: PageRequest, job_id: UUID) -> HttpResponse:
    actions.retry(access.job(request.actor, job_id), by=request.actor)
    return redirect("jobs:job", job_id)


def _log(request: PageRequest, job_id: UUID) -> dict[str, object]:
    # The state is read before the lines: what is written in between comes with the next piece.
    found = access.job(request.actor, job_id)
    after = whole(request.GET.get("after"), "after", default=-1)
    lines = queries.log_after(found, after)
    last = lines[-1].sequence if lines else after
    return {
        "job": found,
        "lines": lines,
        "last": last,
        "more": found.is_live or len(lines) == queries.MOST_LINES,
    }
