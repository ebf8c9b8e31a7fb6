"""The page “Retraining” of an endpoint, that of one attempt, and their buttons."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from mlregistry.accounts.models import Role
from mlregistry.ui.page import PageRequest, page
from serving import access
from serving.actions import retraining as actions
from serving.models import RetrainingPolicy
from serving.queries import retraining as queries
from serving.web.retraining_shown import TRIGGERS, facts, shown

NEWEST = 20


@require_GET
@page()
def retraining(request: PageRequest, name: str) -> HttpResponse:
    endpoint = access.endpoint(request.actor, name)
    policy, current = queries.policy_of(endpoint), queries.open_of(endpoint)
    past = [
        row for row in access.retrainings(request.actor).filter(endpoint=endpoint)[:NEWEST] if not row.is_open
    ]
    context: dict[str, Any] = {
        "endpoint": endpoint, "policy": policy, "past": past, "tones": queries.TONES, "triggers": TRIGGERS,
        **_of_policy(policy), **(shown(current) if current is not None else {"row": None}),
    }  # fmt: skip
    return render(request, "serving/retraining.html", context)


@require_GET
@page()
def attempt(request: PageRequest, retraining_id: int) -> HttpResponse:
    row = access.retraining(request.actor, retraining_id)
    return render(request, "serving/retraining_attempt.html", {"endpoint": row.endpoint, **shown(row)})


@require_POST
@page(role=Role.EDITOR)
def start(request: PageRequest, name: str) -> HttpResponse:
    endpoint = access.endpoint(request.actor, name)
    actions.start_retraining(endpoint, why=request.POST.get("why", ""), by=request.actor)
    messages.success(request, "A retraining has begun; its steps are below.")
    return redirect("serving:retraining", name)


@require_POST
@page(role=Role.EDITOR)
def decide(request: PageRequest, retraining_id: int, what: str) -> HttpResponse:
    row = access.retraining(request.actor, retraining_id)
    action, words = DECISIONS[what]
    action(row, why=request.POST.get("why", ""), by=request.actor)
    messages.success(request, words)
    return redirect("serving:retraining", row.endpoint.name)


DECISIONS: dict[str, tuple[Any, str]] = {
    "stop": (actions.stop_retraining, "The retraining is stopped."),
    "approve": (actions.approve, "The challenger is the champion from now on."),
    "reject": (actions.reject, "The challenger is rejected; the champion goes on alone."),
}


def _of_policy(policy: RetrainingPolicy | None) -> dict[str, Any]:
    if policy is None:
        return {}
    now = timezone.now()
    rest = queries.rests_until(policy)
    return {
        "facts": facts(policy),
        "rest": rest if rest is not None and rest > now else None,
    }
