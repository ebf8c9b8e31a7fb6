"""What a run came from on its page, and the button that trains the same once more."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from experiments import access
from experiments.actions import reruns as actions
from experiments.models import Run, RunStatus
from experiments.queries import provenance as queries
from experiments.queries import reruns
from mlregistry.accounts.models import Role
from mlregistry.ui.page import PageRequest, page

TITLES = {"libraries": "Libraries", "threads": "Threads", "machine": "Machine"}


@require_POST
@page(role=Role.EDITOR)
def run_again(request: PageRequest, run_id: UUID) -> HttpResponse:
    again = actions.run_again(access.run(request.actor, run_id), by=request.actor)
    messages.success(request, "The same is being trained once more; this page will say what came of it.")
    return redirect("experiments:run", again.pk)


def panel(run: Run) -> dict[str, Any]:
    """What the page of a run shows."""
    found = queries.of_run(run)
    facts = found.facts if found else {}
    environment = facts.get("environment") or {}
    return {
        "facts": facts,
        "groups": [
            (title, _listed(environment[key])) for key, title in TITLES.items() if environment.get(key)
        ],
        "server": environment.get("mlregistry") or {},
        "code": queries.code_of(run),
        "repetition": reruns.repetition(run),
        "repetitions": reruns.repetitions(run),
        "can_repeat": bool(facts and run.recipe and run.dataset_version and run.problem)
        and run.status == RunStatus.FINISHED,
    }


def _listed(facts: dict[str, Any]) -> list[tuple[str, Any]]:
    """By name, Python and the processor before all others; the memory in its unit."""
    first = ("python", "processor", "processors")
    ordered = sorted(facts.items(), key=lambda pair: (pair[0] not in first, pair[0]))
    named = [
        ("memory", f"{value:,} MB") if name == "memory_mb" else (name.replace("_", " "), value)
        for name, value in ordered
    ]
    return [(name, value) for name, value in named if value]
