"""REST views of a team's rules about runs that end."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access
from experiments.actions import run_rules as actions
from experiments.actions.run_rules import Wanted
from experiments.models import RunEvent, RunRule
from mlregistry.accounts.models import Role
from mlregistry.notices.actions.choosing import named
from mlregistry.notices.models import Severity
from mlregistry.rest import TeamView, listing, valid
from mlregistry.rest_idempotency import idempotent


class RunRuleIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    event = serializers.ChoiceField(choices=RunEvent.choices)
    experiment = serializers.IntegerField(
        required=False, allow_null=True, help_text="Its id; all when left out."
    )
    metric = serializers.CharField(required=False, max_length=250, allow_blank=True)
    comparison = serializers.ChoiceField(choices=RunRule.Comparison.choices, required=False)
    threshold = serializers.FloatField(required=False, allow_null=True)
    severity = serializers.ChoiceField(choices=Severity.choices, required=False)
    channels = serializers.ListField(
        child=serializers.IntegerField(),
        required=False,
        max_length=100,
        help_text="Ids; left out: the inboxes.",
    )


class RunRulePatch(serializers.Serializer[Any]):
    is_active = serializers.BooleanField()


class RunRuleOut(serializers.ModelSerializer[RunRule]):
    class Meta:
        model = RunRule
        fields = [
            "id", "name", "event", "experiment", "metric", "comparison", "threshold", "severity", "channels",
            "is_active", "since", "told_at", "created_at",
        ]  # fmt: skip


class RunRules(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(operation_id="run_rules_list", responses=RunRuleOut(many=True))
    def get(self, request: Request) -> Response:
        """The team's rules about runs."""
        rows = access.run_rules(self.actor)
        order = ("name", "-name", "created_at", "-created_at")
        return listing(request, rows, ordering=order, to_json=RunRuleOut().to_representation)

    @extend_schema(operation_id="run_rules_create", request=RunRuleIn, responses={201: RunRuleOut})
    @idempotent()
    def post(self, request: Request) -> Response:
        """About runs that end from now on."""
        given = valid(RunRuleIn, request)
        experiment_id = given.pop("experiment", None)
        experiment = None if experiment_id is None else access.experiment(self.actor, experiment_id)
        channels = named(self.actor, given.pop("channels", None))
        rule = actions.create_run_rule(
            Wanted(**given, experiment=experiment), channels=channels, by=self.actor
        )
        return Response(RunRuleOut(rule).data, status=201)


class OneRunRule(TeamView):
    roles = {"get": Role.VIEWER, "patch": Role.EDITOR, "delete": Role.EDITOR}

    @extend_schema(operation_id="run_rules_read", responses=RunRuleOut)
    def get(self, request: Request, rule_id: int) -> Response:
        """One rule."""
        return Response(RunRuleOut(access.run_rule(self.actor, rule_id)).data)

    @extend_schema(operation_id="run_rules_update", request=RunRulePatch, responses=RunRuleOut)
    def patch(self, request: Request, rule_id: int) -> Response:
        """Switches it on or off."""
        rule = access.run_rule(self.actor, rule_id)
        switched = actions.switch_run_rule(rule, valid(RunRulePatch, request)["is_active"], by=self.actor)
        return Response(RunRuleOut(switched).data)

    @extend_schema(operation_id="run_rules_delete", responses={204: None})
    def delete(self, request: Request, rule_id: int) -> Response:
        """Without a trace but the audit's."""
        actions.delete_run_rule(access.run_rule(self.actor, rule_id), by=self.actor)
        return Response(status=204)
