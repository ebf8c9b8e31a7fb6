"""Jobs and schedules in the admin: jobs are read-only, with actions that cancel and retry."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from mlregistry.admin_lists import RecentValues
from mlregistry.look_only import LookOnly

from .actions.jobs import cancel, retry
from .models import Budget, Job, JobLog, Schedule, WorkerProcess


class LogInline(admin.TabularInline[JobLog, Job]):
    model = JobLog
    fields = ("sequence", "at", "text")
    readonly_fields = ("sequence", "at", "text")
    extra = 0
    max_num = 0
    can_delete = False
    ordering = ["sequence"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[JobLog]:
        return super().get_queryset(request).filter(sequence__lt=500)


@admin.register(Job)
class JobAdmin(LookOnly):
    list_display = ["title", "kind", "team", "state", "progress", "attempt", "created_at", "finished_at"]
    list_filter = ["state", ("kind", RecentValues), ("queue", RecentValues), "team"]
    search_fields = ["title__startswith", "kind__exact", "worker__startswith"]
    search_help_text = "The beginning of a title or of a worker’s name, or a kind."
    list_select_related = ["team"]
    inlines = [LogInline]
    actions = ["cancel_jobs", "retry_jobs"]

    @admin.action(description="Cancel the chosen jobs", permissions=["operate"])
    def cancel_jobs(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        self._each(request, jobs, cancel)

    @admin.action(description="Run the chosen jobs again", permissions=["operate"])
    def retry_jobs(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        self._each(request, jobs, retry)

    def _each(self, request: HttpRequest, jobs: QuerySet[Job], action: Any) -> None:
        for job in jobs.select_related("team"):
            if job.team is None:
                self.message_user(request, f"{job}: a job of the server itself.", messages.WARNING)
            else:
                self.act_on(request, job, job.team, action)


@admin.register(Schedule)
class ScheduleAdmin(admin.ModelAdmin[Schedule]):
    list_display = ["name", "kind", "cron", "every_seconds", "next_at", "enabled"]
    list_filter = ["enabled", "kind"]
    search_fields = ["name", "kind"]
    readonly_fields = ["last_job"]


@admin.register(Budget)
class BudgetAdmin(admin.ModelAdmin[Budget]):
    list_display = ["team", "most_money", "most_cpu_hours", "money", "cpu_hours", "changed_by", "changed_at"]
    fields = ["team", "most_money", "most_cpu_hours", "money", "cpu_hours"]
    list_select_related = ["team", "changed_by"]


@admin.register(WorkerProcess)
class WorkerProcessAdmin(LookOnly):
    list_display = ["name", "engine", "queues", "n_slots", "version", "started_at", "beat_at"]
    list_filter = ["engine"]
    search_fields = ["name"]
    ordering = ["-beat_at"]
