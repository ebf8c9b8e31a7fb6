"""REST views of retraining: the policy of an endpoint, its attempts, start, stop, approve, reject."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.errors import NotFound
from mlregistry.notices.actions.choosing import named
from mlregistry.rest import TeamView, listing, valid
from mlregistry.rest_idempotency import idempotent
from serving import access, models
from serving.actions import retraining as actions
from serving.actions import retraining_policies as policy_actions
from serving.actions.retraining_declarations import Declaration
from serving.api.retraining_json import policy_json, retraining_json, with_steps
from serving.queries import retraining as queries

OFF = "Null: not by it."


class PolicyIn(serializers.Serializer[Any]):
    enabled = serializers.BooleanField(required=False)
    every_hours = serializers.IntegerField(required=False, allow_null=True, help_text=OFF)
    on_drift = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=20,
        help_text="“drift”, “columns” (of any column) or empty.",
    )
    drift_looks = serializers.IntegerField(required=False, help_text="Drift checks in a row.")
    metric_floor = serializers.FloatField(required=False, allow_null=True, help_text=OFF)
    metric_fall = serializers.FloatField(
        required=False, allow_null=True, help_text="From the figure of the champion's test rows. " + OFF
    )
    metric_hours = serializers.IntegerField(required=False, help_text="The truths of so many hours.")
    metric_rows = serializers.IntegerField(required=False, help_text="And no fewer rows.")
    new_labels = serializers.IntegerField(required=False, allow_null=True, help_text=OFF)
    cooldown_hours = serializers.IntegerField(required=False)
    method = serializers.CharField(required=False, max_length=20, help_text="“recipe” or “search”.")
    recipe = serializers.DictField(required=False, allow_null=True, help_text="Null: the champion's own.")
    search_trials = serializers.IntegerField(required=False)
    search_minutes = serializers.IntegerField(required=False)
    window_days = serializers.IntegerField(required=False)
    with_original = serializers.BooleanField(required=False, help_text="The rows of the first training too.")
    most_rows = serializers.IntegerField(required=False)
    least_labels = serializers.IntegerField(required=False)
    held_out_share = serializers.FloatField(required=False, help_text="Of the labelled rows, the newest.")
    least_gain = serializers.FloatField(required=False)
    sure = serializers.BooleanField(required=False, help_text="The whole interval above the least gain.")
    go_live = serializers.CharField(required=False, max_length=20, help_text="“canary” or “shadow”.")
    approval = serializers.BooleanField(required=False)
    alias = serializers.CharField(required=False, allow_blank=True, max_length=255)
    steps = serializers.ListField(child=serializers.FloatField(), required=False, max_length=20)
    dwell_seconds = serializers.IntegerField(required=False)
    fewest_requests = serializers.IntegerField(required=False)
    guardrails = serializers.DictField(child=serializers.FloatField(), required=False)
    shadow_rows = serializers.IntegerField(required=False)
    deadline_days = serializers.IntegerField(required=False)
    channels = serializers.ListField(
        child=serializers.IntegerField(), required=False, max_length=20, help_text="Ids; left out: as before."
    )


class WhyIn(serializers.Serializer[Any]):
    why = serializers.CharField(required=False, allow_blank=True, default="", max_length=2_000)


class RetrainingOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    endpoint = serializers.CharField()
    state = serializers.CharField(help_text="running, waiting, promoted, refused, cancelled or failed")
    trigger = serializers.CharField(help_text="asked, schedule, drift, metric or labels")
    reason = serializers.CharField()
    step = serializers.CharField(allow_null=True)
    champion = serializers.DictField(allow_null=True)
    challenger = serializers.DictField(allow_null=True)
    original_version = serializers.CharField(allow_null=True)
    dataset_version = serializers.DictField(allow_null=True)
    rows = serializers.DictField(help_text="By where they came from, with the window.")
    run = serializers.CharField(allow_null=True)
    study = serializers.IntegerField(allow_null=True)
    ab_test = serializers.IntegerField(allow_null=True)
    comparison = serializers.DictField(allow_null=True)
    outcome = serializers.CharField()
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    started_by = serializers.CharField(allow_null=True)
    decided_by = serializers.CharField(allow_null=True)


class Policy(TeamView):
    roles = {"get": Role.VIEWER, "put": Role.EDITOR, "delete": Role.EDITOR}

    @extend_schema(operation_id="retraining_policy_read", responses=dict)
    def get(self, request: Request, name: str) -> Response:
        """What is declared, and how each trigger stood at the newest look."""
        return Response(policy_json(self._policy(name)))

    @extend_schema(operation_id="retraining_policy_declare", request=PolicyIn, responses=dict)
    def put(self, request: Request, name: str) -> Response:
        """Takes the place of what was declared; what is left out is as by default."""
        endpoint, given = access.endpoint(self.actor, name), valid(PolicyIn, request)
        channels = named(self.actor, given.pop("channels", None))
        wanted = Declaration(**{**given, **({"steps": tuple(given["steps"])} if "steps" in given else {})})
        policy_actions.declare_policy(endpoint, wanted, channels=channels, by=self.actor)
        return Response(policy_json(self._policy(name)))

    @extend_schema(operation_id="retraining_policy_delete", responses={204: None})
    def delete(self, request: Request, name: str) -> Response:
        """The attempts of the past stay."""
        policy_actions.delete_policy(self._policy(name), by=self.actor)
        return Response(status=204)

    def _policy(self, name: str) -> models.RetrainingPolicy:
        policy = queries.policy_of(access.endpoint(self.actor, name))
        if policy is None:
            raise NotFound(f"“{name}” has no retraining policy.", field="policy")
        return policy


class Retrainings(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(operation_id="retrainings_list", responses=RetrainingOut(many=True))
    def get(self, request: Request, name: str) -> Response:
        """The endpoint's attempts, the newest first."""
        found = access.retrainings(self.actor).filter(endpoint=access.endpoint(self.actor, name))
        return listing(request, found, ordering=("-started_at",), to_json=retraining_json)

    @extend_schema(operation_id="retrainings_start", request=WhyIn, responses={201: RetrainingOut})
    @idempotent()
    def post(self, request: Request, name: str) -> Response:
        """Now, whatever the triggers say and whether or not the policy is switched on."""
        endpoint, given = access.endpoint(self.actor, name), valid(WhyIn, request)
        made = actions.start_retraining(endpoint, why=given["why"], by=self.actor)
        return Response(retraining_json(access.retraining(self.actor, made.pk)), status=201)


class Retraining(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="retrainings_read", responses=dict)
    def get(self, request: Request, retraining_id: int) -> Response:
        """With its steps, and the policy as it was when it began."""
        return Response(with_steps(access.retraining(self.actor, retraining_id)))


class Stop(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="retrainings_stop", request=WhyIn, responses=RetrainingOut)
    def post(self, request: Request, retraining_id: int) -> Response:
        """At whichever step it is; its job, run, search and challenger go with it."""
        return _decided(self, request, retraining_id, actions.stop_retraining)


class Approve(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="retrainings_approve", request=WhyIn, responses=RetrainingOut)
    def post(self, request: Request, retraining_id: int) -> Response:
        """The challenger takes the champion's place; what stands against it an owner may overrule by `why`."""
        return _decided(self, request, retraining_id, actions.approve)


class Reject(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="retrainings_reject", request=WhyIn, responses=RetrainingOut)
    def post(self, request: Request, retraining_id: int) -> Response:
        """The champion goes on alone."""
        return _decided(self, request, retraining_id, actions.reject)


def _decided(view: TeamView, request: Request, retraining_id: int, action: Any) -> Response:
    row, given = access.retraining(view.actor, retraining_id), valid(WhyIn, request)
    action(row, why=given["why"], by=view.actor)
    return Response(retraining_json(access.retraining(view.actor, retraining_id)))
