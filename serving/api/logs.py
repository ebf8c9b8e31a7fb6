"""REST view of an endpoint's prediction log: its policy, its counts."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.rest import TeamView, body_of
from serving import access
from serving.actions.endpoints import update_endpoint
from serving.queries.log_counts import log_json

FIELDS = ("mode", "sample", "redact", "retention_days")


class LogPolicyIn(serializers.Serializer[Any]):
    mode = serializers.ChoiceField(["durable", "best-effort", "off"], required=False)
    sample = serializers.FloatField(required=False, help_text="Share of the units that are logged, 0 to 1.")
    redact = serializers.DictField(
        required=False, help_text='Rule by column: "drop", "hash", "truncate:<n>"; “unit_id” is the unit.'
    )
    retention_days = serializers.IntegerField(required=False, allow_null=True, help_text="null: for ever.")


class Log(TeamView):
    roles = {"get": Role.VIEWER, "patch": Role.EDITOR}

    @extend_schema(operation_id="endpoints_log", responses=dict)
    def get(self, request: Request, name: str) -> Response:
        """The policy, and counts that add up: enqueued = written + dropped + waiting."""
        return Response(log_json(access.endpoint(self.actor, name)))

    @extend_schema(operation_id="endpoints_log_update", request=LogPolicyIn, responses=dict)
    def patch(self, request: Request, name: str) -> Response:
        """Changes the fields that are sent; what is logged from now on follows them."""
        endpoint, given = access.endpoint(self.actor, name), dict(body_of(request))
        unknown = [field for field in given if field not in FIELDS]
        if unknown:
            raise Invalid(f"The field “{unknown[0][:60]}” is not known here.", field=unknown[0][:60])
        mode = given.pop("mode", None)
        update_endpoint(endpoint, log_mode=mode, log=given, by=self.actor)
        return Response(log_json(access.endpoint(self.actor, name)))
