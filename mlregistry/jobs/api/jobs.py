"""REST views of background jobs: list, read, log, resources, cancel, pause, resume, change, retry."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.jobs import access
from mlregistry.jobs.actions import jobs as actions
from mlregistry.jobs.actions.jobs import Changes
from mlregistry.jobs.models import Job, JobLog, JobSamples, Priority, State
from mlregistry.jobs.queries.jobs import jobs_of, log_after, place_of, samples_of
from mlregistry.rest import TeamView, listing, valid


class JobOut(serializers.ModelSerializer[Job]):
    created_by = serializers.CharField(source="created_by.username", default=None)
    priority = serializers.CharField(source="get_priority_display")

    class Meta:
        model = Job
        fields = [
            "id", "kind", "title", "queue", "priority", "state", "progress", "message", "eta_seconds", "error",
            "attempt",
            "max_attempts", "memory_mb", "timeout_seconds", "cpu_seconds", "peak_memory_mb", "gb_seconds",
            "gpu_seconds", "wall_seconds", "bytes_read", "bytes_written", "phases", "cost", "worker",
            "cancel_requested_at", "pause_requested_at", "created_by", "created_at", "started_at", "finished_at",
        ]  # fmt: skip


class JobSamplesOut(serializers.ModelSerializer[JobSamples]):
    class Meta:
        model = JobSamples
        fields = ["seconds", "processors", "memory_mb", "read_mb", "written_mb"]


class ChangesIn(serializers.Serializer[Any]):
    memory_mb = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    timeout_seconds = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    priority = serializers.ChoiceField(required=False, choices=Priority.labels)
    queue = serializers.CharField(required=False, max_length=50)


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
        """The team's jobs; `state`, `kind` and `person` (a user name) filter."""
        state = request.query_params.get("state", "")
        if state and state not in State.values:
            raise Invalid(f"state must be one of {', '.join(State.values)}.", field="state")
        kind, person = (request.query_params.get(name, "") for name in ("kind", "person"))
        rows = jobs_of(self.actor.team, state=state, kind=kind, person=person)
        return listing(request, rows, ordering=("-created_at", "finished_at"), to_json=job_json)


class OneJob(TeamView):
    roles = {"get": Role.VIEWER, "patch": Role.EDITOR}

    @extend_schema(operation_id="jobs_read", responses=JobOut)
    def get(self, request: Request, job_id: str) -> Response:
        """With its position in the queue of its class while it waits."""
        job = access.job(self.actor, job_id)
        place = place_of(job)
        return Response({**job_json(job), "position": place.position if place else None})

    @extend_schema(operation_id="jobs_change", request=ChangesIn, responses=JobOut)
    def patch(self, request: Request, job_id: str) -> Response:
        """Other limits, priority or class for a job that waits."""
        job = access.job(self.actor, job_id)
        return Response(job_json(actions.change(job, _changes(request), by=self.actor)))


class Resources(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="jobs_resources", responses=JobSamplesOut)
    def get(self, request: Request, job_id: str) -> Response:
        """What the last attempt used over time: up to 600 moments, in columns."""
        samples = samples_of(access.job(self.actor, job_id))
        return Response(JobSamplesOut(samples or JobSamples()).data)


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


class Pause(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="jobs_pause", request=None, responses=JobOut)
    def post(self, request: Request, job_id: str) -> Response:
        """A waiting job at once; a running one at its next safe point, or 409 when its kind has none."""
        return Response(job_json(actions.pause(access.job(self.actor, job_id), by=self.actor)))


class Resume(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="jobs_resume", request=None, responses=JobOut)
    def post(self, request: Request, job_id: str) -> Response:
        return Response(job_json(actions.resume(access.job(self.actor, job_id), by=self.actor)))


class Retry(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="jobs_retry", request=ChangesIn, responses=JobOut)
    def post(self, request: Request, job_id: str) -> Response:
        """Run a failed or cancelled job again, with other limits, priority or class if wanted."""
        job = access.job(self.actor, job_id)
        return Response(job_json(actions.retry(job, _changes(request), by=self.actor)))


def _changes(request: Request) -> Changes:
    """An empty body changes nothing."""
    wanted = valid(ChangesIn, request) if request.data else {}
    if "priority" in wanted:
        wanted["priority"] = Priority[wanted["priority"].upper()]
    return Changes(**wanted)
