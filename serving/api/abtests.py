"""REST views of A/B tests, canaries and bandits: declare and start, look, stop, promote, plan."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.rest import TeamView, listing, valid
from mlregistry.rest_idempotency import idempotent
from serving import access
from serving.actions import abtests as actions
from serving.actions.abtest_declarations import Declaration
from serving.api.abtest_schemas import (
    AbTestIn,
    AbTestOut,
    LookOut,
    PlanOut,
    PlanQuery,
    PromoteIn,
    StopIn,
    ab_test_json,
    look_json,
)
from serving.queries import abtest_metrics, abtest_plans, abtests


class AbTests(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(operation_id="ab_tests_list", responses=AbTestOut(many=True))
    def get(self, request: Request, name: str) -> Response:
        """The endpoint's tests, the newest first."""
        rows = access.ab_tests(self.actor).filter(endpoint=access.endpoint(self.actor, name))
        return listing(request, rows, ordering=("-started_at", "name"), to_json=ab_test_json)

    @extend_schema(operation_id="ab_tests_start", request=AbTestIn, responses={201: AbTestOut})
    @idempotent()
    def post(self, request: Request, name: str) -> Response:
        """Declares and starts at once; what is declared never changes."""
        endpoint = access.endpoint(self.actor, name)
        test = actions.start_test(endpoint, _declaration(valid(AbTestIn, request)), by=self.actor)
        return Response(ab_test_json(access.ab_test(self.actor, test.pk)), status=201)


class AbTest(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="ab_tests_read", responses=AbTestOut)
    def get(self, request: Request, test_id: int) -> Response:
        """What was declared, and what the newest look saw."""
        return Response(ab_test_json(access.ab_test(self.actor, test_id)))


class Looks(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="ab_tests_looks", responses=LookOut(many=True))
    def get(self, request: Request, test_id: int) -> Response:
        """All looks in order, thinned to 500."""
        test = access.ab_test(self.actor, test_id)
        return Response([look_json(look) for look in abtests.looks_of(test)])


class Stop(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="ab_tests_stop", request=StopIn, responses=AbTestOut)
    def post(self, request: Request, test_id: int) -> Response:
        """Ends it; with `back` the control gets all traffic, otherwise the weights stay."""
        test = actions.stop_test(access.ab_test(self.actor, test_id), **valid(StopIn, request), by=self.actor)
        return Response(ab_test_json(test))


class Promote(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="ab_tests_promote", request=PromoteIn, responses=AbTestOut)
    def post(self, request: Request, test_id: int) -> Response:
        """The challenger takes the control's place, all traffic and the alias; 409 when it may not."""
        given = valid(PromoteIn, request)
        test = access.ab_test(self.actor, test_id)
        test = actions.promote(test, given["variant"], why=given["why"], by=self.actor)
        return Response(ab_test_json(test))


class Plan(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(
        operation_id="ab_tests_plan",
        parameters=[
            OpenApiParameter("metric", str, required=True),
            OpenApiParameter("effect", float, required=True, description="What should be found."),
            OpenApiParameter("share", float, description="Per cent of the challenger (50)."),
            OpenApiParameter("outcome", str, description="The class that the metric “outcome” counts."),
        ],
        responses=PlanOut,
    )
    def get(self, request: Request, name: str) -> Response:
        """Units and days by the endpoint's traffic of the last 28 days; 400 while too little is known of it."""
        endpoint = access.endpoint(self.actor, name)
        query = PlanQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        given = dict(query.validated_data)
        outcome = abtest_metrics.outcome_of(endpoint, given["outcome"])
        metric = abtest_metrics.checked(endpoint, given["metric"], outcome)
        found = abtest_plans.traffic(endpoint, metric.name, outcome=outcome)
        if found is None:
            raise Invalid("Fewer than 30 units of this endpoint have feedback yet.", field="metric")
        share = given["share"] / 100
        planned = abtest_plans.plan(found, effect=given["effect"], shares=(1 - share, share))
        return Response({"traffic": found.to_json(), "plan": planned.to_json()})


def _declaration(given: dict[str, Any]) -> Declaration:
    if "steps" in given:
        given["steps"] = tuple(given["steps"])
    return Declaration(**given)
