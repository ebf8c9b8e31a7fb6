"""The guide of the first steps: from nothing to a model that answers, each step with its state and its button."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from experiments import access as experiments
from experiments.models import Problem
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import NotFound
from mlregistry.jobs import wake
from mlregistry.lib.sample_tables import SAMPLES
from mlregistry.ui.page import PageRequest, page, whole
from serving.actions import guide as actions
from serving.queries import guide as queries
from serving.queries.guide import Standing

COOKIE = "guide-put-away"
A_YEAR = 365 * 86_400
DEEDS: dict[str, Callable[..., object]] = {
    "train": actions.train,
    "register": actions.register_best,
    "serve": actions.serve,
}
NAMES = ("Bring data", "Train", "Register the best", "Serve it", "Ask it")


@dataclass(frozen=True)
class Step:
    """`state` is done, now or later; `evidence` says what is there and `address` leads to it."""

    name: str
    state: str
    evidence: str
    address: str = ""


@require_http_methods(["GET", "HEAD"])
@page()
def guide(request: PageRequest) -> HttpResponse:
    problem = _problem(request)
    wake.expect()
    context = {"samples": list(SAMPLES.values()), **shown(problem)}
    if request.htmx:
        return render(request, "serving/guide_steps.html", context)
    return render(request, "serving/guide.html", context)


@require_POST
@page(role=Role.EDITOR)
def start(request: PageRequest) -> HttpResponse:
    problem = actions.start_with_sample(request.POST.get("sample", ""), by=request.actor)
    return _to(problem)


@require_POST
@page(role=Role.EDITOR)
def step(request: PageRequest, problem_id: int, deed: str) -> HttpResponse:
    problem = experiments.problem(request.actor, problem_id)
    if deed not in DEEDS:
        raise NotFound(f"The guide has no step “{deed[:60]}”.")
    DEEDS[deed](problem, by=request.actor)
    return _to(problem)


@require_POST
@page()
def put_away(request: PageRequest) -> HttpResponse:
    """For this browser; the menu still leads to it."""
    answer = redirect("ui:home")
    answer.set_cookie(COOKIE, str(request.actor.team.pk), max_age=A_YEAR, httponly=True, samesite="Lax")
    return answer


def shown(problem: Problem | None) -> dict[str, Any]:
    """The steps, and of the one that is due what its part of the page needs."""
    if problem is None:
        steps = [Step(name, "later" if place else "now", "") for place, name in enumerate(NAMES)]
        return {"steps": steps, "due": 0, "standing": None, "live": False}
    where = queries.standing(problem)
    trained = where.run is not None or where.model_version is not None
    done = [
        where.version is not None or trained, trained, where.model_version is not None, where.endpoint is not None,
        where.n_answers > 0,
    ]  # fmt: skip
    due = done.index(False) if False in done else len(done)
    due = max(due, 3) if where.model_version and not where.endpoint else due
    steps = [
        Step(name, "done" if done[place] else "now" if place == due else "later", *_evidence(where)[place])
        for place, name in enumerate(NAMES)
    ]
    return {
        "steps": steps,
        "due": due,
        "standing": where,
        "problem": problem,
        "live": where.is_training,
        "inputs": _inputs(where),
        "invocations": _invocations(where),
    }


def _evidence(where: Standing) -> list[tuple[str, str]]:
    """What each step has left, and the page that shows it."""
    version, run, model, endpoint = where.version, where.run, where.model_version, where.endpoint
    found = [("", "")] * len(NAMES)
    if version is not None:
        found[0] = (
            f"{version.dataset.name}: {version.n_rows:,} rows, {version.n_columns} columns",
            reverse("experiments:dataset-version", args=[version.dataset_id, version.number]),
        )
    if where.training is not None:
        found[1] = (where.training.phase, reverse("experiments:study", args=[where.training.study_id]))
    if run is not None:
        found[1] = (f"{run.name} came out best", reverse("experiments:run", args=[run.pk]))
    if model is not None:
        found[2] = (str(model), reverse("models_app:version", args=[model.model.name, model.number]))
    if endpoint is not None:
        found[3] = (f"{endpoint.name} answers", reverse("serving:endpoint", args=[endpoint.name]))
    if where.n_answers:
        found[4] = (
            f"{where.n_answers:,} answered",
            reverse("serving:monitoring", args=[endpoint.name if endpoint else ""]),
        )
    return found


def _inputs(where: Standing) -> list[dict[str, Any]]:
    """The fields of the model with an example to begin with."""
    if where.endpoint is None or where.model_version is None:
        return []
    signature = where.model_version.served_signature or {}
    example = (where.model_version.input_example or [{}])[0]
    return [{**field, "example": example.get(field["name"])} for field in signature.get("inputs", [])]


def _invocations(where: Standing) -> str:
    name = where.endpoint.name if where.endpoint else ""
    return reverse("ui:home") + f"api/v1/endpoints/{name}/invocations" if name else ""


def _problem(request: PageRequest) -> Problem | None:
    chosen = request.GET.get("problem")
    if chosen:
        return experiments.problem(request.actor, whole(chosen, "problem"))
    return queries.followed(request.actor.team)


def _to(problem: Problem) -> HttpResponse:
    return redirect(f"{reverse('serving:guide')}?problem={problem.pk}")


def is_put_away(cookies: dict[str, str], by: Actor) -> bool:
    return cookies.get(COOKIE) == str(by.team.pk)
