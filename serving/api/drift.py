"""REST views of an endpoint's drift: what is declared, the report of any window, checks, the baseline."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict
from mlregistry.rest import TeamView, listing, valid
from mlregistry.rest_idempotency import idempotent
from models_app.models import ModelVersion
from serving import access
from serving import models as rows
from serving.actions import drift_baselines as baseline_actions
from serving.actions import drift_checks as check_actions
from serving.actions import drift_watches as watch_actions
from serving.api.drift_json import baseline_json, check_json, watch_json
from serving.api.drift_windows import WHICH, VersionIn, WindowIn, asked_of, version_of, window_of
from serving.queries import drift, drift_baselines
from serving.queries.drift import Window


class WatchIn(serializers.Serializer[Any]):
    declared = serializers.DictField(
        required=False, default=dict, help_text="Methods, thresholds, columns, levels; see the documentation."
    )
    enabled = serializers.BooleanField(required=False, default=True)
    window_hours = serializers.IntegerField(required=False, default=24)
    every_minutes = serializers.IntegerField(required=False, default=60)


class CheckIn(WindowIn):
    exact = serializers.BooleanField(
        required=False, default=False, help_text="Through the rows of the log, not their counters."
    )


class CheckOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    endpoint = serializers.CharField()
    model = serializers.CharField()
    version = serializers.IntegerField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    at = serializers.DateTimeField()
    state = serializers.CharField(help_text="running, done or failed")
    verdict = serializers.CharField(help_text="drift, columns, quiet, too_few, or empty")
    n_rows = serializers.IntegerField()
    n_compared = serializers.IntegerField()
    n_drifted = serializers.IntegerField()
    n_alarms = serializers.IntegerField()
    exact = serializers.BooleanField()
    share = serializers.FloatField(allow_null=True)
    error = serializers.CharField()
    job = serializers.CharField(allow_null=True)


class Drift(TeamView):
    roles = {"get": Role.VIEWER, "put": Role.EDITOR}

    @extend_schema(operation_id="drift_read", parameters=WHICH, responses=dict)
    def get(self, request: Request, name: str) -> Response:
        """What is declared, the version's baseline, and the report of the window out of the counters; `report` is
        null, and `reason` says why, while there is no baseline."""
        endpoint = access.endpoint(self.actor, name)
        asked = asked_of(request.query_params)
        version = version_of(endpoint, asked)
        window = window_of(endpoint, asked)
        report, reason = _report(endpoint, version, window)
        return Response({
            "endpoint": endpoint.name, "model": version.model.name, "version": version.number,
            "from": window.since, "to": window.until, **watch_json(drift.watch_of(endpoint)),
            "baseline": baseline_json(drift_baselines.of_version(version)),
            "report": report, "reason": reason,
        })  # fmt: skip

    @extend_schema(operation_id="drift_declare", request=WatchIn, responses=dict)
    def put(self, request: Request, name: str) -> Response:
        """Takes the place of what was declared; what is left out is as by default."""
        endpoint, given = access.endpoint(self.actor, name), valid(WatchIn, request)
        return Response(watch_json(watch_actions.declare_drift(endpoint, **given, by=self.actor)))


class Checks(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(operation_id="drift_checks_list", responses=CheckOut(many=True))
    def get(self, request: Request, name: str) -> Response:
        """The endpoint's checks without their reports, the newest first."""
        found = access.drift_checks(self.actor).filter(endpoint=access.endpoint(self.actor, name))
        return listing(request, found.defer("report"), ordering=("-at",), to_json=check_json)

    @extend_schema(operation_id="drift_checks_start", request=CheckIn, responses={201: CheckOut})
    @idempotent()
    def post(self, request: Request, name: str) -> Response:
        """A check by a job, which counts first what is logged and not counted yet."""
        endpoint, asked = access.endpoint(self.actor, name), valid(CheckIn, request)
        version, window = version_of(endpoint, asked), window_of(endpoint, asked)
        check = check_actions.ask_check(endpoint, version, window, exact=asked["exact"], by=self.actor)
        return Response(check_json(access.drift_check(self.actor, check.pk)), status=201)


class Check(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="drift_checks_read", responses=dict)
    def get(self, request: Request, check_id: int) -> Response:
        """With its report, which is left out of checks older than 90 days."""
        check = access.drift_check(self.actor, check_id)
        return Response(
            {
                **check_json(check),
                "report": check.report,
                "quality": check.quality,
                "beyond": check.beyond,
            }
        )


class Baseline(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="drift_baseline_again", request=VersionIn, responses={202: dict})
    def post(self, request: Request, name: str) -> Response:
        """Tries once more to make a baseline that has failed."""
        endpoint = access.endpoint(self.actor, name)
        row = baseline_actions.ask_again(version_of(endpoint, valid(VersionIn, request)), by=self.actor)
        return Response(baseline_json(row), status=202)


def _report(
    endpoint: rows.Endpoint, version: ModelVersion, window: Window
) -> tuple[dict[str, Any] | None, str]:
    try:
        return drift.report(endpoint, version, window).to_json(), ""
    except Conflict as error:
        return None, error.message
