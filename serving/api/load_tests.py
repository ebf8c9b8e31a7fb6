"""REST views of load tests: start, list, look, cancel."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.rest import TeamView, listing, valid
from mlregistry.rest_idempotency import idempotent
from serving import access
from serving import models as rows
from serving.actions import load_tests as actions
from serving.actions.load_test_declarations import ROWS, SHAPES, Declaration


class LoadTestIn(serializers.Serializer[Any]):
    shape = serializers.ChoiceField(choices=SHAPES, required=False)
    seconds = serializers.FloatField(required=False, help_text="Measured time; of a search at each rate.")
    rate = serializers.FloatField(required=False, help_text="Requests a second, of a constant rate.")
    connections = serializers.IntegerField(required=False)
    warm_up_seconds = serializers.FloatField(required=False)
    variant = serializers.CharField(
        required=False, allow_blank=True, help_text="All, as split, when left out."
    )
    rows = serializers.ChoiceField(choices=ROWS, required=False)
    n_rows = serializers.IntegerField(required=False, help_text="Rows in each request.")
    kept = serializers.BooleanField(required=False, help_text="Answers go into the prediction log.")
    goal_seconds = serializers.FloatField(required=False, allow_null=True)
    goal_quantile = serializers.CharField(required=False, help_text="p50, p90, p99 or p99.9")
    goal_errors = serializers.FloatField(required=False, help_text="Share of requests that may fail, 0 to 1.")
    goal_rate = serializers.FloatField(required=False, help_text="Right answers a second that are wanted.")


class LoadTestOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    endpoint = serializers.CharField()
    model = serializers.CharField()
    version = serializers.IntegerField()
    state = serializers.CharField()
    progress = serializers.FloatField(allow_null=True)
    verdict = serializers.CharField(help_text="passed, failed, or empty without a goal")
    error = serializers.CharField()
    declared = serializers.DictField()
    figures = serializers.DictField(help_text="Latencies in seconds.")
    histogram = serializers.DictField(allow_null=True)
    run = serializers.CharField(allow_null=True)
    job = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class LoadTests(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(operation_id="load_tests_list", responses=LoadTestOut(many=True))
    def get(self, request: Request, name: str) -> Response:
        """The endpoint's load tests, the newest first."""
        found = access.load_tests(self.actor).filter(endpoint=access.endpoint(self.actor, name))
        return listing(request, found, ordering=("-created_at",), to_json=load_test_json)

    @extend_schema(operation_id="load_tests_start", request=LoadTestIn, responses={201: LoadTestOut})
    @idempotent()
    def post(self, request: Request, name: str) -> Response:
        """Asks this endpoint, and no other address, from a job; one at a time."""
        endpoint = access.endpoint(self.actor, name)
        wanted = Declaration(**valid(LoadTestIn, request))
        test = actions.start_load_test(endpoint, wanted, by=self.actor)
        return Response(load_test_json(access.load_test(self.actor, test.pk)), status=201)


class LoadTest(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="load_tests_read", responses=LoadTestOut)
    def get(self, request: Request, test_id: int) -> Response:
        """What was declared and what is measured so far."""
        return Response(load_test_json(access.load_test(self.actor, test_id)))


class Cancel(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="load_tests_cancel", request=None, responses=LoadTestOut)
    def post(self, request: Request, test_id: int) -> Response:
        """Ends it; what it measured so far is not judged."""
        actions.cancel_load_test(access.load_test(self.actor, test_id), by=self.actor)
        return Response(load_test_json(access.load_test(self.actor, test_id)))


def load_test_json(test: rows.LoadTest) -> dict[str, Any]:
    return {
        "id": test.pk,
        "endpoint": test.endpoint.name,
        "model": test.version.model.name,
        "version": test.version.number,
        "state": test.state.value,
        "progress": test.job.progress if test.job else None,
        "verdict": test.verdict,
        "error": test.error,
        "declared": test.declared,
        "figures": test.figures,
        "histogram": test.histogram,
        "run": test.run_id.hex if test.run_id else None,
        "job": str(test.job_id) if test.job_id else None,
        "created_at": test.created_at,
        "ended_at": test.ended_at,
    }
