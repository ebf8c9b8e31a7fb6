"""REST view of how good a version is on a window: by the truths that came, and estimated before they come."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.rest import TeamView
from serving import access
from serving.api.drift_windows import WHICH, asked_of, version_of, window_of
from serving.queries import quality


class QualityOut(serializers.Serializer[Any]):
    n = serializers.IntegerField(help_text="The newest predictions of the window, at most 20,000.")
    n_truths = serializers.IntegerField(help_text="Of them, those whose truth is known.")
    metric = serializers.CharField(allow_null=True, help_text="That of the endpoint's problem.")
    metrics = serializers.DictField(help_text="Over the rows whose truth is known.")
    intervals = serializers.DictField(help_text="Of 95 %, by bootstrap.")
    expected = serializers.DictField(help_text="Estimated over all rows, before their truth is known.")
    why_not = serializers.CharField(help_text="Why there is no estimate.")
    delays = serializers.ListField(help_text="Truths by how late they came, up to each bound and beyond.")
    delay_bounds_seconds = serializers.ListField()
    median_delay_seconds = serializers.FloatField(allow_null=True)
    reliability = serializers.ListField(
        help_text="By tenths of the probability that was given: its mean, the share that came true, rows."
    )


class Quality(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="quality_read", parameters=WHICH, responses=QualityOut)
    def get(self, request: Request, name: str) -> Response:
        """Of the window's newest 20,000 predictions."""
        endpoint, asked = access.endpoint(self.actor, name), asked_of(request.query_params)
        version, window = version_of(endpoint, asked), window_of(endpoint, asked)
        found = quality.of_window(endpoint, version, window)
        which = {"model": version.model.name, "version": version.number}
        return Response({**which, "from": window.since, "to": window.until, **found.to_json()})
