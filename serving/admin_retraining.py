"""Retraining in the admin: policies, attempts with their steps; an operator stops one here."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from mlregistry.look_only import LookOnly, LookOnlyInline
from serving.actions.retraining import stop_retraining
from serving.models import Retraining, RetrainingPolicy, RetrainingStep


@admin.register(RetrainingPolicy)
class RetrainingPolicyAdmin(LookOnly):
    list_display = ["endpoint", "enabled", "method", "go_live", "approval", "look_at", "note"]
    list_filter = ["enabled", "method", "go_live", "endpoint__team"]
    search_fields = ["endpoint__name"]
    list_select_related = ["endpoint"]


class StepInline(LookOnlyInline):
    model = RetrainingStep
    fields = ["name", "state", "text", "started_at", "ended_at", "job"]


@admin.register(Retraining)
class RetrainingAdmin(LookOnly):
    list_display = ["endpoint", "state", "trigger", "started_at", "ended_at", "challenger", "outcome"]
    list_filter = ["state", "trigger", "endpoint__team"]
    search_fields = ["endpoint__name", "reason"]
    list_select_related = ["endpoint", "challenger__model"]
    date_hierarchy = "started_at"
    show_full_result_count = False
    inlines = [StepInline]
    actions = ["stop"]

    @admin.action(description="Stop those that are under way", permissions=["operate"])
    def stop(self, request: HttpRequest, rows: QuerySet[Retraining]) -> None:
        for row in rows.select_related("endpoint__team"):
            self.act_on(request, row, row.endpoint.team, stop_retraining)
