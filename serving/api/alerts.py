"""REST views of alert rules: what can be watched, an endpoint's rules, their history."""

from dataclasses import replace
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.notices.actions.choosing import named
from mlregistry.notices.models import Severity
from mlregistry.rest import TeamView, listing, valid
from mlregistry.rest_idempotency import idempotent
from serving import access
from serving.actions import alert_rules as actions
from serving.actions.alert_declarations import Declaration, declaration_of
from serving.models import AlertEvent, AlertRule, Comparison
from serving.queries.alert_figures import figures
from serving.queries.alerts import events_of


class RuleChange(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100, required=False)
    figure = serializers.CharField(max_length=60, required=False, help_text="One of GET alert-figures/.")
    column = serializers.CharField(
        max_length=200, required=False, allow_blank=True, help_text="Of figures that have one."
    )
    comparison = serializers.ChoiceField(choices=Comparison.choices, required=False)
    threshold = serializers.FloatField(required=False, help_text="Shares from 0 to 1, times in seconds.")
    window_seconds = serializers.IntegerField(required=False)
    fewest = serializers.IntegerField(required=False, help_text="Fewer observations are no data.")
    looks = serializers.IntegerField(
        required=False, help_text="In a row, a minute apart, before the state changes."
    )
    cooldown_seconds = serializers.IntegerField(required=False, help_text="Between two messages of trouble.")
    severity = serializers.ChoiceField(choices=Severity.choices, required=False)
    tells_recovery = serializers.BooleanField(required=False)
    tells_no_data = serializers.BooleanField(required=False)
    channels = serializers.ListField(
        child=serializers.IntegerField(),
        required=False,
        max_length=100,
        help_text="Ids; left out: the inboxes.",
    )


class RuleIn(RuleChange):
    name = serializers.CharField(max_length=100)
    figure = serializers.CharField(max_length=60, help_text="One of GET alert-figures/.")
    threshold = serializers.FloatField(help_text="Shares from 0 to 1, times in seconds.")


class RulePatch(RuleChange):
    is_active = serializers.BooleanField(required=False)


class RuleOut(serializers.ModelSerializer[AlertRule]):
    endpoint = serializers.CharField(source="endpoint.name")

    class Meta:
        model = AlertRule
        fields = [
            "id", "endpoint", "name", "figure", "column", "comparison", "threshold", "window_seconds", "fewest",
            "looks", "cooldown_seconds", "severity", "tells_recovery", "tells_no_data", "is_active", "channels",
            "state", "state_since", "value", "n_observed", "error", "looked_at", "told_at", "created_at", "updated_at",
        ]  # fmt: skip


class EventOut(serializers.ModelSerializer[AlertEvent]):
    class Meta:
        model = AlertEvent
        fields = ["id", "at", "former", "state", "value", "n_observed", "text", "notice"]


class FigureOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    unit = serializers.CharField(help_text="share, seconds, count or empty")
    counts = serializers.CharField(help_text="what its observations are")
    has_column = serializers.BooleanField()
    longest_window_seconds = serializers.FloatField()


class Figures(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="alert_figures_list", responses=FigureOut(many=True))
    def get(self, request: Request) -> Response:
        """What rules can watch."""
        found = figures().values()
        rows = [{**vars(one), "longest_window_seconds": one.longest.total_seconds()} for one in found]
        return Response(FigureOut(rows, many=True).data)


class AllRules(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="alert_rules_list_all", responses=RuleOut(many=True))
    def get(self, request: Request) -> Response:
        """The rules of all endpoints of the team."""
        return _listed(request, access.alert_rules(self.actor))


class Rules(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(operation_id="alert_rules_list", responses=RuleOut(many=True))
    def get(self, request: Request, name: str) -> Response:
        """The endpoint's rules, with their states."""
        found = access.endpoint(self.actor, name)
        return _listed(request, access.alert_rules(self.actor).filter(endpoint=found))

    @extend_schema(operation_id="alert_rules_create", request=RuleIn, responses={201: RuleOut})
    @idempotent()
    def post(self, request: Request, name: str) -> Response:
        """Looked at from now on, once a minute."""
        endpoint = access.endpoint(self.actor, name)
        wanted = valid(RuleIn, request)
        channels = named(self.actor, wanted.pop("channels", None))
        rule = actions.create_alert_rule(endpoint, Declaration(**wanted), channels=channels, by=self.actor)
        return Response(RuleOut(rule).data, status=201)


class Rule(TeamView):
    roles = {"get": Role.VIEWER, "patch": Role.EDITOR, "delete": Role.EDITOR}

    @extend_schema(operation_id="alert_rules_read", responses=RuleOut)
    def get(self, request: Request, rule_id: int) -> Response:
        """One rule and how it stands."""
        return Response(RuleOut(access.alert_rule(self.actor, rule_id)).data)

    @extend_schema(operation_id="alert_rules_update", request=RulePatch, responses=RuleOut)
    def patch(self, request: Request, rule_id: int) -> Response:
        """Changes what is given; when what it measures changes, its state begins anew."""
        rule, changes = access.alert_rule(self.actor, rule_id), valid(RulePatch, request)
        channels, is_active = named(self.actor, changes.pop("channels", None)), changes.pop("is_active", None)
        wanted = replace(declaration_of(rule), **changes)
        actions.update_alert_rule(rule, wanted, channels=channels, is_active=is_active, by=self.actor)
        return Response(RuleOut(access.alert_rule(self.actor, rule_id)).data)

    @extend_schema(operation_id="alert_rules_delete", responses={204: None})
    def delete(self, request: Request, rule_id: int) -> Response:
        """With its history."""
        actions.delete_alert_rule(access.alert_rule(self.actor, rule_id), by=self.actor)
        return Response(status=204)


class Events(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="alert_rules_events", responses=EventOut(many=True))
    def get(self, request: Request, rule_id: int) -> Response:
        """What the rule went through, newest first."""
        rows = events_of(access.alert_rule(self.actor, rule_id))
        return listing(request, rows, ordering=("-at", "at"), to_json=EventOut().to_representation)


def _listed(request: Request, rows: Any) -> Response:
    order = ("name", "-name", "state_since", "-state_since", "created_at", "-created_at")
    return listing(request, rows, ordering=order, to_json=RuleOut().to_representation)
