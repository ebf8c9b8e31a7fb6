"""Pages of A/B tests, canaries and bandits: the form with its planner, one as it runs, its buttons."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid, MlregistryError
from mlregistry.ui.page import PageRequest, number, page, whole
from serving import access
from serving.actions import abtests as actions
from serving.actions.abtest_declarations import CANARY_STEPS, Declaration
from serving.hotpath.counters import BOUNDS
from serving.models import Endpoint, Mode
from serving.queries import abtest_metrics, abtest_plans
from serving.web import abtest_figures

MODES = [
    ("split", "A/B test: the split stays as it is"),
    ("canary", "Canary: the challenger's share rises by itself"),
    ("bandit", "Bandit: more traffic for what does better"),
]
DIRECTIONS = [("more", "more is better"), ("less", "less is better")]
HALF = 50.0


@require_http_methods(["GET", "POST"])
@page(role=Role.EDITOR, form=True)
def create(request: PageRequest, name: str) -> HttpResponse:
    endpoint = access.endpoint(request.actor, name)
    if request.method == "POST":
        test = actions.start_test(endpoint, _declaration(endpoint, request.POST), by=request.actor)
        return redirect("serving:ab-test", test.pk)
    return render(request, "serving/abtest_form.html", _form(request, endpoint))


@require_GET
@page()
def plan(request: PageRequest, name: str) -> HttpResponse:
    """What the form's planner says; a part of the page."""
    endpoint = access.endpoint(request.actor, name)
    try:
        context = _planned(endpoint, request.GET)
    except MlregistryError as error:
        context = {"refused": error.message}
    return render(request, "serving/abtest_plan.html", context)


@require_GET
@page()
def ab_test(request: PageRequest, test_id: int) -> HttpResponse:
    test = access.ab_test(request.actor, test_id)
    if request.htmx:
        answer = render(request, "serving/abtest_live.html", abtest_figures.live(test, timezone.now()))
        if not test.is_running:
            answer["HX-Refresh"] = "true"
        return answer
    context = abtest_figures.live(test, timezone.now()) | {"charts": abtest_figures.charts(test)}
    return render(request, "serving/abtest.html", context)


@require_POST
@page(role=Role.EDITOR)
def stop(request: PageRequest, test_id: int) -> HttpResponse:
    back = request.POST.get("back") == "yes"
    actions.stop_test(access.ab_test(request.actor, test_id), back=back, by=request.actor)
    messages.success(request, "Stopped. " + ("The control gets all traffic." if back else "The split stays."))
    return redirect("serving:ab-test", test_id)


@require_POST
@page(role=Role.EDITOR)
def promote(request: PageRequest, test_id: int) -> HttpResponse:
    variant = request.POST.get("variant", "")
    why = request.POST.get("why", "").strip()
    actions.promote(access.ab_test(request.actor, test_id), variant, why=why, by=request.actor)
    messages.success(request, f"“{variant}” is promoted: it answers all requests from now on.")
    return redirect("serving:ab-test", test_id)


def _declaration(endpoint: Endpoint, form: QueryDict) -> Declaration:
    mode = form.get("mode", Mode.SPLIT)
    metric = form.get("metric", "")
    known = abtest_metrics.METRICS.get(metric)
    direction = form.get("direction", "more") == "more" if known and known.maximize is None else None
    return Declaration(
        name=form.get("name", "").strip(),
        control=form.get("control", ""),
        mode=mode,
        hypothesis=form.get("hypothesis", "").strip(),
        metric=metric,
        outcome=abtest_metrics.outcome_of(endpoint, form.get("outcome", "")) if metric == "outcome" else None,
        maximize=direction,
        per_unit="per_unit" in form,
        margin=0.0 if mode == Mode.CANARY else number(form.get("margin"), "margin", default=0.0) or 0.0,
        effect=None if mode == Mode.CANARY else number(form.get("effect"), "effect"),
        cuped_days=whole(form.get("cuped_days"), "cuped_days"),
        weights=_weights(endpoint, form) if mode == Mode.SPLIT else None,
        alias=form.get("alias", "").strip(),
        **(_canary(form) if mode == Mode.CANARY else {}),
        **(_bandit(form) if mode == Mode.BANDIT else {}),
    )


def _weights(endpoint: Endpoint, form: QueryDict) -> dict[str, float]:
    names = [variant.name for variant in endpoint.variants.all()]
    return {name: number(form.get(f"weight-{name}"), "weights", default=0.0) or 0.0 for name in names}


def _canary(form: QueryDict) -> dict[str, Any]:
    texts = form.get("steps", "").replace(";", ",").split(",")
    steps = tuple(number(text, "steps") or 0.0 for text in texts if text.strip())
    limits = {
        "error_rate": _hundredth(form.get("error_rate"), "error_rate"),
        "p99_seconds": number(form.get("p99_seconds"), "p99_seconds"),
        "null_rate": _hundredth(form.get("null_rate"), "null_rate"),
        "metric_fall": number(form.get("metric_fall"), "metric_fall"),
    }
    return {
        "steps": steps or CANARY_STEPS,
        "dwell_seconds": 60 * (number(form.get("dwell_minutes"), "dwell_seconds", default=10.0) or 0.0),
        "fewest_requests": whole(form.get("fewest_requests"), "fewest_requests", default=200),
        "guardrails": {name: limit for name, limit in limits.items() if limit is not None},
    }


def _bandit(form: QueryDict) -> dict[str, Any]:
    minutes = number(form.get("every_minutes"), "every_seconds", default=60.0) or 0.0
    return {
        "floor": number(form.get("floor"), "floor", default=5.0) or 0.0,
        "every_seconds": round(60 * min(minutes, 1e6)),
    }


def _hundredth(text: str | None, field: str) -> float | None:
    """A limit in per cent as a share."""
    value = number(text, field)
    return None if value is None else value / 100


def _form(request: PageRequest, endpoint: Endpoint) -> dict[str, Any]:
    variants = list(endpoint.variants.all())
    metrics = abtest_metrics.of_endpoint(endpoint)
    sent = request.POST
    return {
        "endpoint": endpoint,
        "variants": [
            {"name": v.name, "version": v.version, "weight": sent.get(f"weight-{v.name}", f"{v.weight:f}")}
            for v in variants
        ],
        "names": [(v.name, f"{v.name} ({v.version})") for v in variants],
        "modes": MODES if len(variants) == 2 else [mode for mode in MODES if mode[0] != "canary"],
        "metrics": [(m.name, m.title) for m in metrics],
        "classes": [(value, value) for value in abtest_metrics.classes_of(endpoint)],
        "directions": DIRECTIONS,
        "bounds": [("", "not watched"), *((bound, f"{1000 * bound:g} ms") for bound in BOUNDS[2:])],
        "steps": ", ".join(f"{step:g}" for step in CANARY_STEPS),
        "form_error": request.form_error,
    }


def _planned(endpoint: Endpoint, query: QueryDict) -> dict[str, Any]:
    metric, effect = query.get("metric", ""), number(query.get("effect"), "effect")
    if effect is None:
        raise Invalid("Say which improvement you hope for; the planner needs it.", field="effect")
    margin = number(query.get("margin"), "margin", default=0.0) or 0.0
    outcome = abtest_metrics.outcome_of(endpoint, query.get("outcome", "")) if metric == "outcome" else None
    known = abtest_metrics.checked(endpoint, metric, outcome)
    per_unit = "per_unit" in query
    found = abtest_plans.traffic(endpoint, known.name, outcome=outcome, per_unit=per_unit)
    if found is None:
        raise Invalid("Fewer than 30 units have feedback yet, so nothing can be foreseen.", field="metric")
    weights = _weights(endpoint, query)
    control = weights.pop(query.get("control", ""), HALF)
    others = [weight for weight in weights.values() if weight > 0] or [HALF]
    planned = abtest_plans.plan(
        found, effect=effect - margin, shares=(control / 100, min(others) / 100), n_challengers=len(others)
    )
    return {"traffic": found, "plan": planned, "metric": known}
