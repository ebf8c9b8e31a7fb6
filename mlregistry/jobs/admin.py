"""Jobs and schedules for the operator: what runs, where, how it ended; cancel and run again."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from mlregistry.jobs.actions import jobs as actions
from mlregistry.jobs.models import Job, JobLog, Schedule
from mlregistry.look_only import LookOnly


class LogLines(admin.TabularInline[Any, Any]):
    model = JobLog
    extra = 0
    can_delete = False
    readonly_fields = ["sequence", "at", "text"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Job)
class JobAdmin(LookOnly):
    list_display = [
        "title",
        "kind",
        "team",
        "state",
        "progress",
        "attempt",
        "worker",
        "heartbeat_at",
        "created_at",
    ]
    list_filter = ["state", "kind", "queue", "team"]
    list_select_related = ["team"]
    search_fields = ["title", "kind", "worker", "error"]
    date_hierarchy = "created_at"
    actions = ["cancel_jobs", "retry_jobs"]
    inlines = [LogLines]

    @admin.action(description="Cancel")
    def cancel_jobs(self, request: HttpRequest, rows: QuerySet[Job]) -> None:
        for job in rows.filter(team__isnull=False).select_related("team"):
            self.act_on(request, job, job.team, actions.cancel)

    @admin.action(description="Run again")
    def retry_jobs(self, request: HttpRequest, rows: QuerySet[Job]) -> None:
        for job in rows.filter(team__isnull=False).select_related("team"):
            self.act_on(request, job, job.team, actions.retry)


@admin.register(Schedule)
class ScheduleAdmin(LookOnly):
    list_display = ["name", "kind", "cron", "every_seconds", "next_at", "enabled"]
    list_filter = ["enabled", "kind"]
    search_fields = ["name", "kind"]
