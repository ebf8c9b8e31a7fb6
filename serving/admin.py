"""Endpoints and their log in the admin: to look and search; deleting goes through the action."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join

from mlregistry.look_only import LookOnly, LookOnlyInline
from serving import partitions
from serving.actions import endpoints as actions
from serving.admin_alerts import AlertEventAdmin, AlertRuleAdmin, EndpointReadingAdmin
from serving.admin_drift import DriftBaselineAdmin, DriftCheckAdmin, DriftWatchAdmin
from serving.admin_reports import EndpointReportAdmin, ImprovementAdmin, ReportScheduleAdmin
from serving.admin_retraining import RetrainingAdmin, RetrainingPolicyAdmin
from serving.admin_tests import AbTestAdmin, AbTestLookAdmin, LoadTestAdmin, ShadowAdmin, ShadowAnswerAdmin
from serving.admin_work import BatchAdmin, EndpointMoveAdmin, ServingWorkerAdmin, UnitFeedbackAdmin
from serving.models import Endpoint, Feedback, LogCount, Prediction, RoutingEpoch, Variant
from serving.queries.answers import totals

__all__ = [
    "AbTestAdmin", "AbTestLookAdmin", "AlertEventAdmin", "AlertRuleAdmin", "BatchAdmin", "DriftBaselineAdmin",
    "DriftCheckAdmin", "DriftWatchAdmin", "EndpointMoveAdmin", "EndpointReadingAdmin", "EndpointReportAdmin",
    "ImprovementAdmin", "LoadTestAdmin", "ReportScheduleAdmin", "RetrainingAdmin", "RetrainingPolicyAdmin",
    "ServingWorkerAdmin",
    "ShadowAdmin", "ShadowAnswerAdmin", "UnitFeedbackAdmin",
]  # fmt: skip


class Variants(LookOnlyInline):
    model = Variant
    fields = ["name", "version", "weight", "position"]


class LogCounts(LookOnlyInline):
    model = LogCount
    fields = ["source", "n_enqueued", "n_written", "n_dropped", "n_refused", "changed_at"]


@admin.register(Endpoint)
class EndpointAdmin(LookOnly):
    list_display = ["name", "team", "problem", "log_mode", "created_by", "updated_at"]
    list_filter = ["team", "log_mode"]
    search_fields = ["name", "description"]
    list_select_related = ["team", "problem", "created_by"]
    inlines = [Variants, LogCounts]
    readonly_fields = ["answers"]
    actions = ["delete_endpoints"]

    @admin.action(description="Delete with log and feedback", permissions=["operate"])
    def delete_endpoints(self, request: HttpRequest, rows: QuerySet[Endpoint]) -> None:
        for endpoint in rows.select_related("team"):
            self.act_on(request, endpoint, endpoint.team, actions.delete_endpoint)

    @admin.display(description="answers by variant, version and status")
    def answers(self, endpoint: Endpoint) -> str:
        """Their table has a key of several columns, which no page of the admin can show by itself."""
        lines = ((one.variant or "no variant", one.version_id, one.status, one.n) for one in totals(endpoint))
        return format_html_join("", "<div>{} · version id {} · {}: {}</div>", lines) or "none"


@admin.register(Prediction)
class PredictionAdmin(LookOnly):
    list_display = ["request_id", "row", "endpoint", "variant", "at", "latency_seconds"]
    list_filter = ["endpoint"]
    search_fields = ["request_id", "unit"]
    list_select_related = ["endpoint"]
    show_full_result_count = False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With the weeks of the log, which are tables of their own."""
        return super().changelist_view(request, {**(extra_context or {}), "weeks": partitions.sizes()})


@admin.register(Feedback)
class FeedbackAdmin(LookOnly):
    list_display = ["request_id", "row", "endpoint", "truth", "at"]
    list_filter = ["endpoint"]
    search_fields = ["request_id"]
    list_select_related = ["endpoint"]
    show_full_result_count = False


@admin.register(RoutingEpoch)
class RoutingEpochAdmin(LookOnly):
    list_display = ["number"]
