"""Pages of load tests: the form, one as it runs, its button."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mlregistry.accounts.models import Role
from mlregistry.loadtests.plans import QUANTILES
from mlregistry.ui.page import PageRequest, number, page, whole
from serving import access
from serving.actions import load_tests as actions
from serving.actions.load_test_declarations import Declaration
from serving.models import Endpoint
from serving.web import load_test_figures

SHAPES = [
    ("constant", "Constant rate"),
    ("search", "Search the highest rate"),
    ("closed", "Closed loop"),
]
ROWS = [
    ("auto", "the log's newest, else made-up ones"),
    ("log", "the newest of the prediction log"),
    ("generated", "made up from the signature and the example"),
]


@require_http_methods(["GET", "POST"])
@page(role=Role.EDITOR, form=True)
def create(request: PageRequest, name: str) -> HttpResponse:
    endpoint = access.endpoint(request.actor, name)
    if request.method == "POST":
        test = actions.start_load_test(endpoint, _declaration(request.POST), by=request.actor)
        return redirect("serving:load-test", test.pk)
    return render(request, "serving/load_test_form.html", form_of(endpoint))


@require_GET
@page()
def load_test(request: PageRequest, test_id: int) -> HttpResponse:
    test = access.load_test(request.actor, test_id)
    context = load_test_figures.shown(test)
    if request.htmx:
        answer = render(request, "serving/load_test_live.html", context)
        if not test.is_live:
            answer["HX-Refresh"] = "true"
        return answer
    return render(request, "serving/load_test.html", context)


@require_POST
@page(role=Role.EDITOR)
def cancel(request: PageRequest, test_id: int) -> HttpResponse:
    actions.cancel_load_test(access.load_test(request.actor, test_id), by=request.actor)
    messages.success(request, "The load test is cancelled.")
    return redirect("serving:load-test", test_id)


def form_of(endpoint: Endpoint) -> dict[str, Any]:
    """What the form needs, here and on the endpoint's page."""
    variants = [(v.name, f"{v.name} ({v.version})") for v in endpoint.variants.all() if v.weight]
    return {
        "endpoint": endpoint,
        "shapes": SHAPES,
        "row_sources": ROWS,
        "quantiles": [(name, name) for name in QUANTILES],
        "asked_variants": [("", "all, as the traffic is split"), *variants],
    }


def _declaration(form: QueryDict) -> Declaration:
    goal = number(form.get("goal_ms"), "goal_seconds")
    return Declaration(
        shape=form.get("shape", "constant"),
        seconds=number(form.get("seconds"), "seconds", default=20.0) or 0.0,
        rate=number(form.get("rate"), "rate", default=100.0) or 0.0,
        connections=whole(form.get("connections"), "connections", default=16),
        warm_up_seconds=number(form.get("warm_up_seconds"), "warm_up_seconds", default=2.0) or 0.0,
        variant=form.get("variant", ""),
        rows=form.get("rows", "auto"),
        n_rows=whole(form.get("n_rows"), "n_rows", default=1),
        kept="kept" in form,
        goal_seconds=None if goal is None else goal / 1000,
        goal_quantile=form.get("goal_quantile", "p99"),
        goal_errors=(number(form.get("goal_errors"), "goal_errors", default=0.0) or 0.0) / 100,
        goal_rate=number(form.get("goal_rate"), "goal_rate", default=0.0) or 0.0,
    )
