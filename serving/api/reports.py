"""REST views of reports: an endpoint's, one with its document, make one now, when they are made."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.notices.actions.choosing import named
from mlregistry.rest import TeamView, listing, valid
from mlregistry.rest_idempotency import idempotent
from serving import access
from serving.actions import report_schedules as schedule_actions
from serving.actions import reports as actions
from serving.models import EndpointReport, ReportSchedule
from serving.queries import reports as queries
from serving.report_periods import BEGINS
from serving.report_words import summary


class EndpointReportIn(serializers.Serializer[Any]):
    def get_fields(self) -> dict[str, Any]:
        """“from” is no name that a class can have."""
        return {name: serializers.DateTimeField() for name in ("from", "to")}


class ReportScheduleIn(serializers.Serializer[Any]):
    rhythm = serializers.ChoiceField(choices=list(BEGINS), required=False, default="weekly")
    hour = serializers.IntegerField(
        required=False, default=6, min_value=0, max_value=23, help_text="UTC, after the period's end."
    )
    enabled = serializers.BooleanField(required=False, default=True)
    channels = serializers.ListField(
        child=serializers.IntegerField(),
        required=False,
        max_length=100,
        help_text="Ids; left out: the inboxes.",
    )


class ReportScheduleOut(ReportScheduleIn):
    next_at = serializers.DateTimeField(allow_null=True)


class EndpointReportOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    endpoint = serializers.CharField()
    rhythm = serializers.CharField(help_text="daily, weekly, monthly, or asked")
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    state = serializers.CharField()
    error = serializers.CharField()
    headline = serializers.CharField()
    job = serializers.CharField(allow_null=True)
    made_at = serializers.DateTimeField(allow_null=True)


class EndpointReportDetail(EndpointReportOut):
    summary = serializers.ListField(child=serializers.CharField())
    document = serializers.DictField(allow_null=True)


class Reports(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(operation_id="reports_list", responses=EndpointReportOut(many=True))
    def get(self, request: Request, name: str) -> Response:
        """The endpoint's reports without their documents, the newest period first."""
        found = access.reports(self.actor).filter(endpoint=access.endpoint(self.actor, name))
        return listing(
            request, found.defer("document"), ordering=("-until", "-created_at"), to_json=report_json
        )

    @extend_schema(operation_id="reports_make", request=EndpointReportIn, responses={202: EndpointReportOut})
    @idempotent()
    def post(self, request: Request, name: str) -> Response:
        """A report of any time up to 400 days, made by a job."""
        endpoint, asked = access.endpoint(self.actor, name), valid(EndpointReportIn, request)
        row = actions.ask_report(endpoint, asked["from"], asked["to"], by=self.actor)
        return Response(report_json(access.report(self.actor, row.pk)), status=202)


class Report(TeamView):
    roles = {"get": Role.VIEWER, "delete": Role.EDITOR}

    @extend_schema(operation_id="reports_read", responses=EndpointReportDetail)
    def get(self, request: Request, report_id: int) -> Response:
        """With everything it says, as it was when it was made."""
        row = access.report(self.actor, report_id)
        more = {"summary": summary(row.document) if row.document else [], "document": row.document}
        return Response(report_json(row) | more)

    @extend_schema(operation_id="reports_delete", responses={204: None})
    def delete(self, request: Request, report_id: int) -> Response:
        """A job that is at it is stopped."""
        actions.delete_report(access.report(self.actor, report_id), by=self.actor)
        return Response(status=204)


class Schedule(TeamView):
    roles = {"get": Role.VIEWER, "put": Role.EDITOR}

    @extend_schema(operation_id="report_schedule_read", responses=ReportScheduleOut)
    def get(self, request: Request, name: str) -> Response:
        """When reports are made, and whom they are told."""
        return Response(schedule_json(queries.schedule_of(access.endpoint(self.actor, name))))

    @extend_schema(
        operation_id="report_schedule_declare", request=ReportScheduleIn, responses=ReportScheduleOut
    )
    def put(self, request: Request, name: str) -> Response:
        """Takes the place of what was declared."""
        endpoint, given = access.endpoint(self.actor, name), valid(ReportScheduleIn, request)
        found = named(self.actor, given.pop("channels", None))
        return Response(
            schedule_json(schedule_actions.schedule_reports(endpoint, **given, channels=found, by=self.actor))
        )


def report_json(row: EndpointReport) -> dict[str, Any]:
    names = ("rhythm", "since", "until", "headline", "error", "made_at")
    return {
        "id": row.pk,
        "endpoint": row.endpoint.name,
        **{name: getattr(row, name) for name in names},
        "state": str(row.state),
        "job": str(row.job_id) if row.job_id else None,
    }


def schedule_json(row: ReportSchedule) -> dict[str, Any]:
    return {
        "rhythm": row.rhythm,
        "hour": row.hour,
        "enabled": row.enabled,
        "channels": [channel.pk for channel in row.channels.all()] if row.pk else [],
        "next_at": row.next_at if row.pk and row.enabled else None,
    }
