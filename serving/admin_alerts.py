"""Alert rules in the admin, with their history, to look at, and the readings that their figures stand on."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from mlregistry.look_only import LookOnly
from serving.actions import alert_rules
from serving.models import AlertEvent, AlertRule, EndpointReading


@admin.register(AlertRule)
class AlertRuleAdmin(LookOnly):
    list_display = [
        "name",
        "endpoint",
        "figure",
        "state",
        "value",
        "severity",
        "is_active",
        "looked_at",
        "told_at",
    ]
    list_filter = ["state", "is_active", "figure", "endpoint__team"]
    search_fields = ["name", "endpoint__name"]
    list_select_related = ["endpoint"]
    actions = ["delete_rules"]

    @admin.action(description="Delete with their history", permissions=["operate"])
    def delete_rules(self, request: HttpRequest, rows: QuerySet[AlertRule]) -> None:
        for rule in rows.select_related("endpoint__team"):
            self.act_on(request, rule, rule.endpoint.team, alert_rules.delete_alert_rule)


@admin.register(AlertEvent)
class AlertEventAdmin(LookOnly):
    list_display = ["rule", "at", "former", "state", "value", "n_observed", "notice"]
    list_filter = ["state", "rule__endpoint__team"]
    search_fields = ["rule__name"]
    list_select_related = ["rule", "notice"]
    date_hierarchy = "at"


@admin.register(EndpointReading)
class EndpointReadingAdmin(LookOnly):
    list_display = [
        "endpoint",
        "since",
        "at",
        "n_requests",
        "n_errors",
        "n_mistakes",
        "n_dropped",
        "n_refused",
    ]
    list_filter = ["endpoint"]
    list_select_related = ["endpoint"]
    show_full_result_count = False
