"""Pages of alerts: all of the team, those of an endpoint, one rule with its history, its forms and buttons."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.notices.actions.choosing import offered, ticked
from mlregistry.notices.models import Severity
from mlregistry.ui.page import PageRequest, number, page, whole
from mlregistry.ui.undo import say_kept
from serving import access
from serving.actions import alert_rules as actions
from serving.actions.alert_declarations import Declaration
from serving.models import AlertRule, Comparison, Endpoint
from serving.queries.alert_figures import figures
from serving.queries.alerts import history_of, rules_of
from serving.web.alert_shown import form_of, rows_of, shown_of

MINUTE = 60
UNIT_FACTORS = {"share": 0.01, "seconds": 0.001}  # people write per cent and milliseconds


@require_GET
@page()
def all_alerts(request: PageRequest) -> HttpResponse:
    return render(
        request, "serving/alerts.html", {"rows": rows_of(rules_of(request.actor)), "endpoint": None}
    )


@require_GET
@page()
def endpoint_alerts(request: PageRequest, name: str) -> HttpResponse:
    endpoint = access.endpoint(request.actor, name)
    rows = rows_of(rules_of(request.actor, endpoint))
    return render(request, "serving/alerts.html", {"rows": rows, "endpoint": endpoint})


@require_http_methods(["GET", "POST"])
@page(role=Role.EDITOR, form=True)
def create(request: PageRequest, name: str) -> HttpResponse:
    endpoint = access.endpoint(request.actor, name)
    if request.method == "POST":
        channels = ticked(request.actor, request.POST.getlist("channels"))
        rule = actions.create_alert_rule(
            endpoint, _declaration(request.POST), channels=channels, by=request.actor
        )
        messages.success(request, "The rule is looked at once a minute from now on.")
        return redirect("serving:alert-rule", rule.pk)
    return render(request, "serving/alert_rule_form.html", _form(request, endpoint))


@require_GET
@page()
def alert_rule(request: PageRequest, rule_id: int) -> HttpResponse:
    rule = access.alert_rule(request.actor, rule_id)
    context = {**shown_of(rule), "events": history_of(rule)}
    return render(request, "serving/alert_rule.html", context)


@require_http_methods(["GET", "POST"])
@page(role=Role.EDITOR, form=True)
def edit(request: PageRequest, rule_id: int) -> HttpResponse:
    rule = access.alert_rule(request.actor, rule_id)
    if request.method == "POST":
        channels = ticked(request.actor, request.POST.getlist("channels"))
        actions.update_alert_rule(rule, _declaration(request.POST), channels=channels, by=request.actor)
        messages.success(request, "The rule is saved.")
        return redirect("serving:alert-rule", rule_id)
    return render(request, "serving/alert_rule_form.html", _form(request, rule.endpoint, rule))


@require_POST
@page(role=Role.EDITOR)
def switch(request: PageRequest, rule_id: int) -> HttpResponse:
    rule = access.alert_rule(request.actor, rule_id)
    rule = actions.switch_alert_rule(rule, not rule.is_active, by=request.actor)
    messages.success(request, f"The rule is switched {'on' if rule.is_active else 'off'}.")
    return redirect("serving:alert-rule", rule_id)


@require_POST
@page(role=Role.EDITOR)
def delete(request: PageRequest, rule_id: int) -> HttpResponse:
    rule = access.alert_rule(request.actor, rule_id)
    kept = actions.delete_alert_rule(rule, by=request.actor)
    say_kept(request, f"The alert rule “{rule.name}” is deleted.", kept)
    return redirect("serving:endpoint-alerts", rule.endpoint.name)


def _form(request: PageRequest, endpoint: Endpoint, rule: AlertRule | None = None) -> dict[str, Any]:
    used = rule.channels.all() if rule is not None else None
    again = request.POST.getlist("channels") if request.form_error is not None else None
    return {**form_of(endpoint, rule), **offered(request.actor, used, again)}


def _declaration(form: QueryDict) -> Declaration:
    figure = figures().get(form.get("figure", ""))
    threshold = number(form.get("threshold"), "threshold")
    if threshold is None:
        raise Invalid("Say from which value on it is an alert.", field="threshold")
    return Declaration(
        name=form.get("name", ""),
        figure=form.get("figure", ""),
        column=form.get("column", "").strip() if figure and figure.has_column else "",
        comparison=form.get("comparison", Comparison.ABOVE),
        threshold=threshold * UNIT_FACTORS.get(figure.unit if figure else "", 1.0),
        window_seconds=round(MINUTE * (number(form.get("window_minutes"), "window_seconds", default=5) or 0)),
        fewest=whole(form.get("fewest"), "fewest"),
        looks=whole(form.get("looks"), "looks", default=1),
        cooldown_seconds=round(
            MINUTE * (number(form.get("cooldown_minutes"), "cooldown_seconds", default=60) or 0)
        ),
        severity=form.get("severity", Severity.WARNING),
        tells_recovery="tells_recovery" in form,
        tells_no_data="tells_no_data" in form,
    )
