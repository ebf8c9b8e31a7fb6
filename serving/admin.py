"""Endpoints and their log in the admin: to look and search; deleting goes through the action."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from mlregistry.look_only import LookOnly
from serving.actions import endpoints as actions
from serving.models import AbTest, Endpoint, Feedback, Prediction, RoutingEpoch, Shadow, Variant


class Variants(admin.TabularInline[Any, Any]):
    model = Variant
    extra = 0
    can_delete = False
    readonly_fields = ["name", "version", "weight", "position"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Endpoint)
class EndpointAdmin(LookOnly):
    list_display = ["name", "team", "problem", "log_mode", "created_by", "updated_at"]
    list_filter = ["team", "log_mode"]
    search_fields = ["name", "description"]
    list_select_related = ["team", "problem", "created_by"]
    inlines = [Variants]
    actions = ["delete_endpoints"]

    @admin.action(description="Delete with log and feedback", permissions=["operate"])
    def delete_endpoints(self, request: HttpRequest, rows: QuerySet[Endpoint]) -> None:
        for endpoint in rows.select_related("team"):
            self.act_on(request, endpoint, endpoint.team, actions.delete_endpoint)


@admin.register(Prediction)
class PredictionAdmin(LookOnly):
    list_display = ["request_id", "row", "endpoint", "variant", "at", "latency_seconds"]
    list_filter = ["endpoint"]
    search_fields = ["request_id", "unit"]
    list_select_related = ["endpoint"]
    show_full_result_count = False


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


@admin.register(AbTest)
class AbTestAdmin(LookOnly):
    list_display = ["name", "endpoint", "mode", "state", "metric", "created_by", "started_at", "ended_at"]
    list_filter = ["mode", "state"]
    search_fields = ["name", "endpoint__name"]
    list_select_related = ["endpoint", "created_by"]


@admin.register(Shadow)
class ShadowAdmin(LookOnly):
    list_display = ["name", "endpoint", "version", "since", "created_by"]
    search_fields = ["name", "endpoint__name"]
    list_select_related = ["endpoint", "version__model", "created_by"]
