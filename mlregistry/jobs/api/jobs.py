"""REST views of background jobs: list, read, log, cancel, retry."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.jobs import access
from mlregistry.jobs.actions import jobs as actions
from mlregistry.jobs.models import Job, JobLog, State
from mlregistry.jobs.queries.jobs import jobs_of, log_after
from mlregistry.rest import TeamView, listing


class JobOut(serializers.ModelSerializer[Job]):
    created_by = serializers.CharField(source="created_by.username", default=None)

    class Meta:
        model = Job
        fields = [
            "id", "kind", "title", "queue", "state", "progress", "message", "eta_seconds", "error", "attempt",
            "max_attempts", "memory_mb", "timeout_seconds", "cpu_seconds", "peak_memory_mb", "worker",
            "cancel_requested_at", "created_by", "created_at", "started_at", "finished_at",
        ]  # fmt: skip


class JobLogOut(serializers.ModelSerializer[JobLog]):
    class Meta:
        model = JobLog
        fields = ["sequence", "at", "text"]


def job_json(job: Job) -> dict[str, Any]:
    return dict(JobOut(job).data)


class Jobs(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="jobs_list", responses=JobOut(many=True))
    def get(self, request: Request) -> Response:
        """The team's jobs; `state` and `kind` filter."""
        state = request.query_params.get("state", "")
        if state and state not in State.values:
            raise Invalid(f"state must be one of {', '.join(State.values)}.", field="state")
        rows = jobs_of(self.actor.team, kind=request.query_params.get("kind", ""), state=state)
        return listing(request, rows, ordering=("-created_at", "finished_at"), to_json=job_json)


class OneJob(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="jobs_read", responses=JobOut)
    def get(self, request: Request, job_id: str) -> Response:
        return Response(job_json(access.job(self.actor, job_id)))


class Log(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(
        operation_id="jobs_log",
        parameters=[OpenApiParameter("after", int, description="Lines after this sequence number.")],
        responses=JobLogOut(many=True),
    )
    def get(self, request: Request, job_id: str) -> Response:
        """Up to 1,000 lines of the log, oldest first."""
        job = access.job(self.actor, job_id)
        after = request.query_params.get("after", "-1")
        if not (after.isascii() and after.lstrip("-").isdigit() and len(after) < 10):
            raise Invalid("after must be a whole number.", field="after")
        return Response(JobLogOut(log_after(job, int(after)), many=True).data)


class Cancel(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="jobs_cancel", request=None, responses=JobOut)
    def post(self, request: Request, job_id: str) -> Response:
        return Response(job_json(actions.cancel(access.job(self.actor, job_id), by=self.actor)))


class Retry(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="jobs_retry", request=None, responses=JobOut)
    def post(self, request: Request, job_id: str) -> Response:
        return Response(job_json(actions.retry(access.job(self.actor, job_id), by=self.actor)))
