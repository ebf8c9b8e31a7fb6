"""Pages of jobs: the list, and one with its progress, resources and log while it runs."""

from uuid import UUID

from django.conf import settings
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.jobs import access
from mlregistry.jobs.actions import jobs as actions
from mlregistry.jobs.actions.jobs import Changes
from mlregistry.jobs.models import Priority, State
from mlregistry.jobs.queries import jobs as queries
from mlregistry.ui.page import PageRequest, page, whole

from .job_figures import draw

LARGEST_LIST = 200
FILTERS = ("state", "kind", "person")
MINUTE = 60


@require_GET
@page()
def jobs(request: PageRequest) -> HttpResponse:
    chosen = {name: request.GET.get(name, "") for name in FILTERS}
    state, kind, person = chosen.values()
    rows = queries.jobs_of(request.actor.team, state=state, kind=kind, person=person)
    found = list(rows[:LARGEST_LIST])
    context = {
        "jobs": found,
        "chosen": chosen,
        "query": request.GET.urlencode(),
        "filtered": any(chosen.values()),
        "live": any(job.is_live for job in found),
    }
    if request.htmx:
        return render(request, "jobs/table.html", context)
    filters = {"states": State.values, **queries.choices(request.actor.team)}
    return render(request, "jobs/jobs.html", context | filters)


@require_GET
@page()
def job(request: PageRequest, job_id: UUID) -> HttpResponse:
    found = access.job(request.actor, job_id)
    context = {"job": found, "place": queries.place_of(found), **_options()}
    if request.htmx:
        return render(request, "jobs/status.html", context)
    figures = draw(found, queries.samples_of(found))
    return render(request, "jobs/job.html", {**context, "figures": figures, **_log(request, job_id)})


@require_GET
@page()
def resources(request: PageRequest, job_id: UUID) -> HttpResponse:
    """The charts of what the job uses, asked for again while it runs."""
    found = access.job(request.actor, job_id)
    figures = draw(found, queries.samples_of(found))
    return render(request, "jobs/resources.html", {"job": found, "figures": figures})


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
def pause(request: PageRequest, job_id: UUID) -> HttpResponse:
    actions.pause(access.job(request.actor, job_id), by=request.actor)
    return redirect("jobs:job", job_id)


@require_POST
@page(role=Role.EDITOR)
def resume(request: PageRequest, job_id: UUID) -> HttpResponse:
    actions.resume(access.job(request.actor, job_id), by=request.actor)
    return redirect("jobs:job", job_id)


@require_POST
@page(role=Role.EDITOR)
def change(request: PageRequest, job_id: UUID) -> HttpResponse:
    actions.change(access.job(request.actor, job_id), _changes(request.POST), by=request.actor)
    return redirect("jobs:job", job_id)


@require_POST
@page(role=Role.EDITOR)
def retry(request: PageRequest, job_id: UUID) -> HttpResponse:
    actions.retry(access.job(request.actor, job_id), _changes(request.POST), by=request.actor)
    return redirect("jobs:job", job_id)


def _changes(form: QueryDict) -> Changes:
    """What the form asks for; an empty field changes nothing."""
    named = {priority.label: priority for priority in Priority}
    priority = form.get("priority", "")
    if priority and priority not in named:
        raise Invalid(f"The priority is one of {', '.join(named)}.", field="priority")
    minutes = whole(form.get("timeout_minutes"), "timeout_minutes")
    return Changes(
        memory_mb=whole(form.get("memory_mb"), "memory_mb") or None,
        timeout_seconds=minutes * MINUTE or None,
        priority=named.get(priority),
        queue=form.get("queue") or None,
    )


def _options() -> dict[str, object]:
    classes = [
        (name, f"{name}: up to {offer.memory_mb:,} MB" + (f", {offer.n_gpus} GPU" if offer.n_gpus else ""))
        for name, offer in settings.JOB_CLASSES.items()
    ]
    return {
        "prices": settings.PRICES,
        "priorities": [(label, label) for label in Priority.labels],
        "classes": classes,
    }


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
