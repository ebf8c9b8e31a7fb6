"""The form for what an endpoint declares about drift."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from mlregistry.accounts.models import Role
from mlregistry.ml.drift.declaring import (
    ADWIN,
    ASKED,
    DEFAULTS,
    EVERY,
    NEVER,
    NO_STREAM,
    PAGE_HINKLEY,
    parse,
)
from mlregistry.ml.drift.methods import CATEGORICAL, METHODS, NUMERIC
from mlregistry.ui.page import PageRequest, number, page, whole
from serving import access
from serving.actions.drift_watches import declare_drift
from serving.models import DriftWatch, Endpoint
from serving.queries import drift
from serving.queries import drift_baselines as baselines

CORRECTIONS = [
    ("benjamini_hochberg", "Benjamini–Hochberg"),
    ("holm", "Holm"),
    ("bonferroni", "Bonferroni"),
    ("none", "none"),
]
TOGETHER = [(ASKED, "in checks row by row"), (EVERY, "in every check"), (NEVER, "never")]
STREAMS = [(ADWIN, "ADWIN"), (PAGE_HINKLEY, "Page–Hinkley"), (NO_STREAM, "not at all")]


@require_http_methods(["GET", "POST"])
@page(role=Role.EDITOR, form=True)
def declare(request: PageRequest, name: str) -> HttpResponse:
    endpoint = access.endpoint(request.actor, name)
    watch = drift.watch_of(endpoint)
    if request.method == "POST":
        form = request.POST
        declare_drift(
            endpoint, _declared(form, watch), enabled="enabled" in form,
            window_hours=whole(form.get("window_hours"), "window_hours", default=24),
            every_minutes=whole(form.get("every_minutes"), "every_minutes", default=60), by=request.actor,
        )  # fmt: skip
        messages.success(request, "The next check goes by it.")
        return redirect("serving:monitoring", name)
    return render(request, "serving/monitoring_form.html", _form(request, endpoint, watch))


def _form(request: PageRequest, endpoint: Endpoint, watch: DriftWatch) -> dict[str, Any]:
    declared = parse(watch.declared)
    known = baselines.watched([drift.version_of(endpoint).pk]).values()
    names = [(column.name, column.kind) for one in known for column in one.baseline.columns]
    sent = _sent_rules(request.POST) if request.form_error else {}
    rules = sent or watch.declared.get("columns", {})
    return {
        "endpoint": endpoint, "watch": watch, "declared": declared, "defaults": DEFAULTS,
        "enabled": "enabled" in request.POST if request.form_error else watch.enabled,
        "numeric": _methods(NUMERIC), "categorical": _methods(CATEGORICAL), "corrections": CORRECTIONS,
        "together": TOGETHER, "streams": STREAMS,
        "chosen_numeric": declared.methods.get(NUMERIC, ""),
        "chosen_categorical": declared.methods.get(CATEGORICAL, ""),
        "percent": f"{100 * declared.drifted_share:g}",
        "columns": [
            {"name": name, "kind": kind, "methods": _methods(kind, "as for its kind"), **_rule(rules.get(name, {}))}
            for name, kind in names
            if kind in (NUMERIC, CATEGORICAL)
        ],
    }  # fmt: skip


def _methods(kind: str, usual: str = "by the number of rows") -> list[tuple[str, str]]:
    return [("", usual)] + [(row.name, row.title) for row in METHODS.values() if kind in row.kinds]


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    threshold = rule.get("threshold")
    return {
        "method": rule.get("method") or "",
        "threshold": "" if threshold is None else threshold,
        "watched": rule.get("watched", True),
    }


def _declared(form: QueryDict, watch: DriftWatch) -> dict[str, Any]:
    """What the form has no field for stays as it was declared."""
    share = number(form.get("drifted_share"), "drifted_share", default=100 * DEFAULTS.drifted_share)
    found = {
        **watch.declared,
        "methods": {kind: form[kind] for kind in (NUMERIC, CATEGORICAL) if form.get(kind)},
        "alpha": number(form.get("alpha"), "alpha", default=DEFAULTS.alpha),
        "correction": form.get("correction", DEFAULTS.correction),
        "drifted_share": (share or 0.0) / 100,
        "least_rows": whole(form.get("least_rows"), "least_rows", default=DEFAULTS.least_rows),
        "two_sample": form.get("two_sample", DEFAULTS.two_sample),
        "stream": form.get("stream", DEFAULTS.stream),
        "stream_change": number(form.get("stream_change"), "stream_change", default=DEFAULTS.stream_change),
    }
    others = {
        name: rule
        for name, rule in watch.declared.get("columns", {}).items()
        if name not in form.getlist("column")
    }
    return {**found, "columns": others | _sent_rules(form)}


def _sent_rules(form: QueryDict) -> dict[str, Any]:
    """The lists of the form go side by side; only what differs from the defaults is declared."""
    found = {}
    rows = zip(form.getlist("column"), form.getlist("method"), form.getlist("threshold"), strict=False)
    unwatched = set(form.getlist("unwatched"))
    for name, method, threshold in rows:
        rule: dict[str, Any] = {"method": method} if method else {}
        value = number(threshold, "columns")
        rule |= {} if value is None else {"threshold": value}
        rule |= {"watched": False} if name in unwatched else {}
        if rule:
            found[name] = rule
    return found
