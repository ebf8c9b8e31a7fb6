"""Pages of model tests: a version's results, and the gate of a model."""

import json
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily
from mlregistry.ml.model_tests import load_policy, plugins
from mlregistry.ml.model_tests.blocking import is_blocking
from mlregistry.ml.model_tests.limits import LIMITS
from mlregistry.ui.page import PageRequest, number, page
from models_app import access
from models_app.actions import gates as gate_actions
from models_app.actions import model_tests as actions
from models_app.models import ModelGate, ModelVersion, RegisteredModel
from models_app.queries import gates, load_verdicts, model_test_lines
from models_app.queries import model_tests as queries

if TYPE_CHECKING:
    from mlregistry.ml.model_tests import table
else:
    table = lazily("mlregistry.ml.model_tests.table")

MOST_EXPECTATIONS_TEXT = 200_000


def line_context(version: ModelVersion) -> dict[str, Any]:
    """What the verdict's line on the version's page needs."""
    return {
        "standing": gates.standing(version),
        "can_test": queries.can_test(version),
        "is_gated": settings.MODEL_GATE,
    }


UNITS = {"ms": "ms", "seconds": "seconds", "mb": "MB"}


@require_GET
@page()
def tests(request: PageRequest, name: str, number: int) -> HttpResponse:
    """The page, or while the tests run the part that htmx asks for."""
    found = access.version(request.actor, name, number)
    part = "model_tests_live" if request.htmx else "model_tests"
    return render(request, f"models_app/{part}.html", _context(found))


@require_POST
@page(role=Role.EDITOR)
def run_tests(request: PageRequest, name: str, number: int) -> HttpResponse:
    found = access.version(request.actor, name, number)
    actions.request_tests(found, by=request.actor)
    messages.success(request, f"The tests of {found} are under way.")
    return redirect("models_app:model-tests", name, number)


@require_http_methods(["GET", "POST"])
@page(change=Role.OWNER, form=True)
def gate(request: PageRequest, name: str) -> HttpResponse:
    model = access.model(request.actor, name)
    if request.method == "POST":
        gate_actions.set_gate(model, **_policy(request.POST), by=request.actor)
        messages.success(request, "The gate is set. Tests count again once they were run under it.")
        return redirect("models_app:gate", name)
    return render(request, "models_app/gate.html", _gate_context(request, model))


def _context(version: ModelVersion) -> dict[str, Any]:
    runs = list(queries.runs_of(version)[: actions.MOST_KEPT])
    shown = next((run for run in runs if queries.is_finished(run)), None)
    lines = model_test_lines.lines_of(shown) if shown else []
    return {
        **line_context(version),
        "load_verdict": load_verdicts.verdict_json(load_verdicts.newest(version)),
        "version": version,
        "model": version.model,
        "live": runs[0] if runs and runs[0].is_live else None,
        "shown": shown,
        "runs": runs,
        "groups": model_test_lines.groups_of(lines),
        "against": model_test_lines.against(lines),
        "skipped": [line for line in lines if line["outcome"] == "skipped"],
    }


def _policy(form: QueryDict) -> dict[str, Any]:
    """The form in the words of the action."""
    chosen = form.getlist("blocking")
    usual = [check.name for check in table.CHECKS if is_blocking(check.name, check.severity, None)]
    limits = {name: number(form.get(f"limit-{name}"), f"limit-{name}") for name in LIMITS}
    return {
        "aliases": form.get("aliases", "").replace(",", " ").split(),
        "blocking": None if sorted(chosen) == sorted(usual) else chosen,
        "limits": {name: value for name, value in limits.items() if value is not None},
        "expectations": _expectations(form.get("expectations", "")),
        "strict": "strict" in form,
        "load_test": _load_test(form),
    }


def _load_test(form: QueryDict) -> dict[str, Any] | None:
    if "load_test" not in form:
        return None
    numbers = {name: number(form.get(f"load-{name}"), f"load-{name}") for name in load_policy.LARGEST}
    return {**numbers, "quantile": form.get("load-quantile", load_policy.QUANTILE)}


def _expectations(text: str) -> Any:
    if len(text) > MOST_EXPECTATIONS_TEXT:
        raise Invalid("The expectations are longer than 200,000 characters.", field="expectations")
    try:
        return json.loads(text) if text.strip() else []
    except (ValueError, RecursionError) as error:
        raise Invalid(f"The expectations are no JSON: {error}", field="expectations") from error


def _gate_context(request: PageRequest, model: RegisteredModel) -> dict[str, Any]:
    gate, sent = queries.gate_of(model), request.POST if request.form_error else None
    limits = [
        {
            "limit": limit,
            "title": _titled(name),
            "value": sent.get(f"limit-{name}", "") if sent else gate.limits.get(name, ""),
        }
        for name, limit in LIMITS.items()
    ]
    return {
        "model": model,
        "gate": gate,
        "aliases": sent.get("aliases", "") if sent else ", ".join(gate.aliases),
        "strict": "strict" in sent if sent else gate.strict,
        "load_test": _shown_load_test(gate, sent),
        "expectations": sent.get("expectations", "") if sent else _shown(gate),
        "groups": _choices(gate, sent.getlist("blocking") if sent else None),
        "limits": limits,
        "plugins": plugins.files(settings.MODEL_TESTS_FOLDER),
        "is_gated": settings.MODEL_GATE,
        "form_error": request.form_error,
    }


def _shown_load_test(gate: ModelGate, sent: QueryDict | None) -> dict[str, Any]:
    policy: dict[str, Any] = gate.load_test or {}
    if sent is not None:
        policy = {name: sent.get(f"load-{name}", "") for name in load_policy.FIELDS}
    return {
        "is_asked": "load_test" in sent if sent is not None else gate.load_test is not None,
        **{name: _plain(policy.get(name, "")) for name in load_policy.LARGEST},
        "quantile": policy.get("quantile", load_policy.QUANTILE),
        "quantiles": load_policy.QUANTILES,
    }


def _plain(value: Any) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _shown(gate: ModelGate) -> str:
    return json.dumps(gate.expectations, indent=2, ensure_ascii=False) if gate.expectations else ""


def _choices(gate: ModelGate, sent: list[str] | None) -> list[dict[str, Any]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for check in table.CHECKS:
        blocks = (
            check.name in sent if sent is not None else is_blocking(check.name, check.severity, gate.blocking)
        )
        groups.setdefault(check.group, []).append({"check": check, "blocks": blocks})
    return [
        {"name": name, "checks": checks, "n_block": sum(one["blocks"] for one in checks)}
        for name, checks in groups.items()
    ]


def _titled(limit: str) -> str:
    """latency_ms → Latency (ms)"""
    stem, _, unit = limit.rpartition("_")
    return f"{stem} ({UNITS[unit]})".capitalize() if unit in UNITS else limit.replace("_", " ").capitalize()
