"""REST view of how an endpoint answered over time: requests, latencies, errors and nulls by variant and version."""

from datetime import UTC, datetime, timedelta
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.rest import TeamView
from serving import access
from serving.api.drift_windows import WHICH, asked_of, window_of
from serving.queries import traffic_hours
from serving.queries.traffic_hours import Series

STEP = OpenApiParameter("step_hours", int, description="How long a step is, 1 to 24; 1 when left out.")
MOST_STEPS = 1_000


class TrafficOut(serializers.Serializer[Any]):
    variant = serializers.CharField(help_text="Empty for requests that reached none.")
    model = serializers.CharField(allow_null=True)
    version = serializers.IntegerField(allow_null=True)
    total = serializers.DictField(help_text="Of the whole window.")
    steps = serializers.ListField(help_text="The same by steps, each with its begin `at`.")


class Traffic(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(
        operation_id="traffic_read", parameters=[*WHICH[:2], STEP], responses=TrafficOut(many=True)
    )
    def get(self, request: Request, name: str) -> Response:
        """From hourly counts: any window costs the same whatever the number of predictions."""
        endpoint, hours = (
            access.endpoint(self.actor, name),
            _step(request.query_params.get("step_hours", "1")),
        )
        window = window_of(endpoint, asked_of(request.query_params))
        if (window.until - window.since) / timedelta(hours=hours) > MOST_STEPS:
            raise Invalid(f"That is more than {MOST_STEPS:,} steps; take longer ones.", field="step_hours")
        seconds = (window.until - window.since).total_seconds()
        found = traffic_hours.over_time(endpoint, window.since, window.until, timedelta(hours=hours))
        return Response([_json(one, hours * 3600, seconds) for one in found])


def _step(given: str) -> int:
    if not given.isdecimal() or len(given) > 2 or not 1 <= int(given) <= 24:
        raise Invalid("A step is 1 to 24 hours long.", field="step_hours")
    return int(given)


def _json(one: Series, step_seconds: int, seconds: float) -> dict[str, Any]:
    return {
        "variant": one.variant,
        "model": one.version.model.name if one.version else None,
        "version": one.version.number if one.version else None,
        "total": one.total.figures(seconds),
        "steps": [
            {"at": datetime.fromtimestamp(at, UTC), **answers.figures(step_seconds)}
            for at, answers in one.steps.items()
        ],
    }
