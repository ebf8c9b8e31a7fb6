"""Improvement studies, reports and their schedules in the admin, to look at."""

from django.contrib import admin

from mlregistry.look_only import LookOnly
from serving.models import EndpointReport, Improvement, ReportSchedule


@admin.register(Improvement)
class ImprovementAdmin(LookOnly):
    list_display = ["endpoint", "version", "data_name", "created_at", "created_by", "adopted_at"]
    list_filter = ["endpoint__team"]
    search_fields = ["endpoint__name", "version__model__name"]
    list_select_related = ["endpoint", "version__model", "created_by"]
    exclude = ["result", "proposals"]
    show_full_result_count = False


@admin.register(EndpointReport)
class EndpointReportAdmin(LookOnly):
    list_display = ["endpoint", "rhythm", "since", "until", "made_at", "headline", "error"]
    list_filter = ["rhythm", "endpoint__team"]
    search_fields = ["endpoint__name"]
    list_select_related = ["endpoint"]
    exclude = ["document"]
    date_hierarchy = "until"
    show_full_result_count = False


@admin.register(ReportSchedule)
class ReportScheduleAdmin(LookOnly):
    list_display = ["endpoint", "rhythm", "hour", "enabled", "next_at"]
    list_filter = ["rhythm", "enabled", "endpoint__team"]
    search_fields = ["endpoint__name"]
    list_select_related = ["endpoint"]
