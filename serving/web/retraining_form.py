"""The form of a retraining policy, and its deletion."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid, NotFound
from mlregistry.notices.actions.choosing import offered, ticked
from mlregistry.ui.page import PageRequest, number, page, whole
from mlregistry.ui.undo import say_kept
from serving import access
from serving.actions.abtest_declarations import GUARDRAILS
from serving.actions.retraining_declarations import Declaration, declaration_of
from serving.actions.retraining_policies import declare_policy, delete_policy
from serving.models import DriftTrigger, Endpoint, GoLive, Method, RetrainingPolicy
from serving.queries import retraining as queries

DEFAULTS = Declaration()
WHOLE = (
    "drift_looks", "metric_hours", "metric_rows", "cooldown_hours", "search_trials", "search_minutes", "window_days",
    "most_rows", "least_labels", "dwell_seconds", "fewest_requests", "shadow_rows", "deadline_days",
)  # fmt: skip
LIMITS = [name for name in GUARDRAILS if name != "metric_fall"]
LONGEST_RECIPE = 100_000


@require_http_methods(["GET", "POST"])
@page(role=Role.EDITOR, form=True)
def declare(request: PageRequest, name: str) -> HttpResponse:
    endpoint = access.endpoint(request.actor, name)
    if request.method == "POST":
        channels = ticked(request.actor, request.POST.getlist("channels"))
        declare_policy(endpoint, _declaration(request.POST), channels=channels, by=request.actor)
        messages.success(request, "The triggers are looked at by it from now on.")
        return redirect("serving:retraining", name)
    policy = queries.policy_of(endpoint)
    return render(request, "serving/retraining_form.html", _form(request, endpoint, policy))


@require_POST
@page(role=Role.EDITOR)
def delete(request: PageRequest, name: str) -> HttpResponse:
    policy = queries.policy_of(access.endpoint(request.actor, name))
    if policy is None:
        raise NotFound(f"“{name}” has no retraining policy.", field="policy")
    kept = delete_policy(policy, by=request.actor)
    say_kept(request, "The policy is deleted; the retrainings of the past stay.", kept)
    return redirect("serving:retraining", name)


def _form(request: PageRequest, endpoint: Endpoint, policy: RetrainingPolicy | None) -> dict[str, Any]:
    declared = declaration_of(policy) if policy is not None else DEFAULTS
    sent = request.POST if request.form_error else None
    return {
        "endpoint": endpoint, "policy": policy, "declared": declared,
        "metric_title": _metric_title(endpoint),
        "recipe": json.dumps(declared.recipe, indent=2) if declared.recipe else "",
        "steps": ", ".join(f"{step:g}" for step in declared.steps),
        "gain": f"{declared.least_gain:g}",
        "share": f"{100 * declared.held_out_share:g}",
        "limits": [(name, _limit(declared, name)) for name in LIMITS],
        "checks": {
            name: (name in sent if sent is not None else getattr(declared, name))
            for name in ("enabled", "with_original", "sure", "approval")
        },
        "drifts": DriftTrigger.choices, "methods": Method.choices, "ways": GoLive.choices,
        **_offered(request, policy),
    }  # fmt: skip


def _metric_title(endpoint: Endpoint) -> str:
    return endpoint.problem.primary_metric.replace("_", " ") if endpoint.problem else ""


def _limit(declared: Declaration, name: str) -> str:
    value = declared.guardrails.get(name)
    return "" if value is None else f"{100 * value:g}" if name.endswith("rate") else f"{1000 * value:g}"


def _offered(request: PageRequest, policy: RetrainingPolicy | None) -> dict[str, Any]:
    used = policy.channels.all() if policy is not None else None
    again = request.POST.getlist("channels") if request.form_error is not None else None
    return offered(request.actor, used, again)


def _declaration(form: QueryDict) -> Declaration:
    numbers: dict[str, Any] = {
        name: whole(form.get(name), name, default=getattr(DEFAULTS, name)) for name in WHOLE
    }
    share = number(form.get("held_out_share"), "held_out_share", default=100 * DEFAULTS.held_out_share)
    return Declaration(
        **numbers,
        enabled="enabled" in form,
        every_hours=_maybe(form, "every_hours"),
        on_drift=form.get("on_drift", ""),
        metric_floor=number(form.get("metric_floor"), "metric_floor"),
        metric_fall=number(form.get("metric_fall"), "metric_fall"),
        new_labels=_maybe(form, "new_labels"),
        method=form.get("method", Method.RECIPE),
        recipe=_recipe(form.get("recipe", "")),
        with_original="with_original" in form,
        held_out_share=(share or 0.0) / 100,
        least_gain=number(form.get("least_gain"), "least_gain", default=0.0) or 0.0,
        sure="sure" in form,
        go_live=form.get("go_live", GoLive.CANARY),
        approval="approval" in form,
        alias=form.get("alias", "").strip(),
        steps=_steps(form.get("steps", "")),
        guardrails=_guardrails(form),
    )


def _maybe(form: QueryDict, name: str) -> int | None:
    return whole(form.get(name), name) if form.get(name, "").strip() else None


def _steps(text: str) -> tuple[float, ...]:
    parts = [part for part in text.replace("→", ",").replace(";", ",").split(",") if part.strip(" %")]
    found = [number(part.strip(" %"), "steps") for part in parts]
    return tuple(one for one in found if one is not None)


def _guardrails(form: QueryDict) -> dict[str, float]:
    """People write per cent and milliseconds."""
    found = {}
    for name in LIMITS:
        value = number(form.get(name), name)
        if value is not None:
            found[name] = round(value / (100 if name.endswith("rate") else 1000), 9)
    return found


def _recipe(text: str) -> dict[str, Any] | None:
    if not text.strip():
        return None
    if len(text) > LONGEST_RECIPE:
        raise Invalid("The recipe is too long.", field="recipe")
    try:
        found = json.loads(text)
    except ValueError as error:
        raise Invalid(f"The recipe is no JSON: {error}", field="recipe") from error
    if not isinstance(found, dict):
        raise Invalid("A recipe is a JSON object.", field="recipe")
    return found
