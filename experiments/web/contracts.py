"""Pages of a dataset's contract: the form with suggestions, the checks of a version, overrides and alerts."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from experiments import access
from experiments.actions import alerts
from experiments.actions import contracts as actions
from experiments.models import Dataset, DatasetVersion
from experiments.queries import contracts as queries
from experiments.queries import quality
from experiments.web import contract_form as forms
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.ml.contracts.document import (
    CATEGORICAL_METHODS,
    EXTRA_COLUMNS,
    NUMERIC_METHODS,
    SEMANTIC_TYPES,
)
from mlregistry.ml.contracts.shifts import TITLES
from mlregistry.ui.page import PageRequest, page, whole

TYPE_CHOICES = [("", "not in the contract"), *((name, name) for name in SEMANTIC_TYPES)]
EXTRA_CHOICES = [
    (name, {"allow": "allow them", "warn": "warn", "forbid": "fail"}[name]) for name in EXTRA_COLUMNS
]


@require_http_methods(["GET", "POST"])
@page(change=Role.EDITOR, form=True)
def contract(request: PageRequest, dataset_id: int) -> HttpResponse:
    dataset = access.dataset(request.actor, dataset_id)
    wanted = request.POST.get("do", "save") if request.method == "POST" else ""
    if wanted.startswith("suggest"):
        return render(request, "experiments/contract.html", _suggested(request, dataset, wanted))
    if wanted:
        return _saved(request, dataset)
    return render(request, "experiments/contract.html", _context(request, dataset))


def _saved(request: PageRequest, dataset: Dataset) -> HttpResponse:
    rows = forms.rows_sent(request.POST)
    shown = {row["name"] for row in rows}
    rest = [rule for rule in queries.document(dataset).columns if rule.name not in shown]
    table, thresholds = forms.table_sent(request.POST), forms.thresholds_sent(request.POST)
    try:
        row = actions.set_contract(dataset, forms.document(rows, table, thresholds, rest), by=request.actor)
    except Invalid as error:
        raise forms.at_form_field(error, rows) from error
    messages.success(request, f"Contract {row.number} holds; the newest versions are checked against it.")
    return redirect("experiments:dataset", dataset.pk)


def _suggested(request: PageRequest, dataset: Dataset, wanted: str) -> dict[str, Any]:
    """The form with the values of a proposal in it, for one column or for all; nothing is stored yet."""
    version = access.dataset_version(request.actor, dataset.pk)
    proposal = actions.propose(version, by=request.actor)
    sent = forms.rows_sent(request.POST)
    rows = sent or forms.rows_of(queries.document(dataset), _columns(version))
    only = whole(wanted.partition("-")[2], "do", default=-1)
    for place, row in enumerate(rows):
        rule = proposal.contract.column(row["name"])
        if rule is None or only not in (-1, place):
            continue
        kept = {"unit": row["unit"], "description": row["description"]}
        rows[place] = forms.row_of(rule, row["name"], row["stored"]) | kept
        rows[place] |= {"reason": proposal.reasons[row["name"]], "open": only == place}
    context = _context(request, dataset)
    if sent:
        context |= {
            "table": forms.table_sent(request.POST),
            "thresholds": forms.thresholds_sent(request.POST),
        }
    elif queries.current(dataset) is None:
        context["table"] = forms.table_of(proposal.contract)
    return context | {"rows": _keyed(rows, request), "unsaved": True, "proposed_from": version}


def _context(request: PageRequest, dataset: Dataset) -> dict[str, Any]:
    held = queries.current(dataset)
    document = queries.document(dataset)
    version = access.dataset_versions(request.actor, dataset.pk).order_by("-number").first()
    columns = _columns(version) if version else []
    again = request.form_error is not None and bool(request.POST.getlist("column"))
    rows = forms.rows_sent(request.POST) if again else forms.rows_of(document, columns)
    return {
        "dataset": dataset,
        "held": held,
        "version": version,
        "rows": _keyed(rows, request),
        "n_more": max(0, len({*dict(columns), *(rule.name for rule in document.columns)}) - forms.MOST_SHOWN),
        "table": forms.table_sent(request.POST) if again else forms.table_of(document),
        "thresholds": forms.thresholds_sent(request.POST) if again else forms.thresholds_of(document),
        "types": TYPE_CHOICES,
        "extra_choices": EXTRA_CHOICES,
        "numeric_methods": [(name, TITLES[name]) for name in NUMERIC_METHODS],
        "categorical_methods": [(name, TITLES[name]) for name in CATEGORICAL_METHODS],
        "time_choices": [("", "none"), *((row["name"], row["name"]) for row in rows)],
        "standing": queries.standing(version) if version else None,
    }


def _keyed(rows: list[forms.Row], request: PageRequest) -> list[forms.Row]:
    """With the prefix of their fields; the column that an error is about is open and marked."""
    field = (request.form_error.field if request.form_error else None) or ""
    for place, row in enumerate(rows):
        wrong = field.startswith(f"c{place}-")
        row |= {"key": f"c{place}", "place": place, "wrong": wrong, "open": wrong or row.get("open", False)}
    return rows


def _columns(version: DatasetVersion) -> list[tuple[str, str]]:
    return [(column["name"], column["type"]) for column in version.columns]


@require_GET
@page()
def checks(request: PageRequest, dataset_id: int, number: int) -> HttpResponse:
    """The card of a version's checks by itself: a page that waits for them asks again and again."""
    version = access.dataset_version(request.actor, dataset_id, number)
    return render(request, "experiments/version_checks.html", card(version))


def card(version: DatasetVersion) -> dict[str, Any]:
    """What the card of a version's checks shows."""
    standing, comparison = queries.standing(version), quality.comparison(version)
    check = standing.check
    return {
        "dataset": version.dataset,
        "version": version,
        "standing": standing,
        "check": check,
        "report": (check.report if check else None) or {},
        "comparison": comparison,
        "comparison_state": queries.state_of(comparison) if comparison else "",
        "waiting": "pending" in (standing.state, queries.state_of(comparison) if comparison else ""),
    }


@require_POST
@page(role=Role.EDITOR)
def check(request: PageRequest, dataset_id: int, number: int) -> HttpResponse:
    version = access.dataset_version(request.actor, dataset_id, number)
    actions.request_checks([version], by=request.actor)
    messages.success(request, f"v{version.number} is being checked.")
    return redirect("experiments:dataset-version", dataset_id, number)


@require_POST
@page(role=Role.OWNER)
def override(request: PageRequest, dataset_id: int, number: int) -> HttpResponse:
    version = access.dataset_version(request.actor, dataset_id, number)
    actions.override(version, request.POST.get("reason", ""), by=request.actor)
    messages.success(request, f"v{version.number} may be trained on; your reason is kept with it.")
    return redirect("experiments:dataset-version", dataset_id, number)


@require_POST
@page(role=Role.EDITOR)
def close_alert(request: PageRequest, dataset_id: int, alert_id: int) -> HttpResponse:
    dataset = access.dataset(request.actor, dataset_id)
    alerts.close_alert(quality.alert(dataset, alert_id), by=request.actor)
    messages.success(request, "The alert is closed.")
    return redirect("experiments:dataset", dataset_id)
