"""REST views of approval: policies of a model, requests for promotion, what reviewers say of them."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts import access as people
from mlregistry.accounts.models import Role
from mlregistry.notices.actions.choosing import named
from mlregistry.rest import TeamView, listing, valid
from mlregistry.rest_idempotency import idempotent
from models_app import access
from models_app.actions import approval_policies, promotion_requests, promotion_reviews
from models_app.models import PromotionState
from models_app.queries import approvals
from models_app.queries.promotions import policy_json, request_json, requests_of, whole_json

ALL = "*"
VERDICTS: dict[str, Callable[..., object]] = {
    "comment": promotion_reviews.comment,
    "approve": promotion_reviews.approve,
    "reject": promotion_reviews.reject,
}


class ApprovalPolicyIn(serializers.Serializer[Any]):
    n_approvers = serializers.IntegerField(min_value=1, max_value=approval_policies.MOST_APPROVERS, default=1)
    reviewers = serializers.ListField(
        child=serializers.CharField(max_length=150), max_length=approval_policies.MOST_REVIEWERS, default=list,
        help_text="user names; none: every editor and owner",
    )  # fmt: skip
    checks = serializers.ListField(
        child=serializers.CharField(max_length=30), max_length=10, default=list,
        help_text=", ".join(approvals.CHECKS),
    )  # fmt: skip
    channels = serializers.ListField(child=serializers.IntegerField(min_value=1), max_length=20, default=list)


class PromotionIn(serializers.Serializer[Any]):
    alias = serializers.CharField(max_length=255)
    version = serializers.IntegerField(min_value=1)
    comment = serializers.CharField(max_length=5_000, allow_blank=True, default="")


class ReviewIn(serializers.Serializer[Any]):
    verdict = serializers.ChoiceField(choices=sorted(VERDICTS))
    text = serializers.CharField(max_length=5_000, allow_blank=True, default="")


class WithdrawIn(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=5_000, allow_blank=True, default="")


class Policies(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="approval_policies_list", responses=dict)
    def get(self, request: Request, name: str) -> Response:
        """Which aliases of the model move only with approval; “*” stands for all that have no policy of their own."""
        rows = approvals.policies_of(access.model(self.actor, name))
        return Response({"results": [policy_json(row) for row in rows]})


class Policy(TeamView):
    roles = {"put": Role.OWNER, "delete": Role.OWNER}

    @extend_schema(operation_id="approval_policies_set", request=ApprovalPolicyIn, responses=dict)
    def put(self, request: Request, name: str, alias: str) -> Response:
        """From now on the alias moves only with approval."""
        model, given = access.model(self.actor, name), valid(ApprovalPolicyIn, request)
        reviewers = [people.member(self.actor, one).user for one in dict.fromkeys(given.pop("reviewers"))]
        channels = named(self.actor, given.pop("channels")) or []
        made = approval_policies.declare_approval(
            model, _alias(alias), reviewers=reviewers, channels=channels, **given, by=self.actor
        )
        return Response(policy_json(made))

    @extend_schema(operation_id="approval_policies_delete", responses={204: None})
    def delete(self, request: Request, name: str, alias: str) -> Response:
        approval_policies.lift_approval(access.model(self.actor, name), _alias(alias), by=self.actor)
        return Response(status=204)


class Promotions(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(operation_id="model_promotions_list", responses=dict)
    def get(self, request: Request, name: str) -> Response:
        model = access.model(self.actor, name)
        return listing(
            request, requests_of(self.actor.team).filter(model=model), ordering=("-requested_at",),
            to_json=request_json,
        )  # fmt: skip

    @extend_schema(operation_id="model_promotions_request", request=PromotionIn, responses={201: dict})
    @idempotent()
    def post(self, request: Request, name: str) -> Response:
        """Asks the reviewers to let the alias move to the version."""
        given = valid(PromotionIn, request)
        version = access.version(self.actor, name, given["version"])
        made = promotion_requests.request_promotion(
            version, given["alias"], comment=given["comment"], by=self.actor
        )
        return Response(whole_json(access.promotion(self.actor, made.pk)), status=201)


class AllPromotions(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="promotions_list", responses=dict)
    def get(self, request: Request) -> Response:
        """The team's requests; `state` filters: open, promoted, rejected or withdrawn."""
        rows = requests_of(self.actor.team)
        state = request.query_params.get("state", "")
        rows = rows.filter(state=state) if state in PromotionState.values else rows
        return listing(request, rows, ordering=("-requested_at",), to_json=request_json)


class Promotion(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="promotions_read", responses=dict)
    def get(self, request: Request, request_id: int) -> Response:
        """With what reviewers said, and what an open request still needs."""
        return Response(whole_json(access.promotion(self.actor, request_id)))


class Reviews(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="promotions_review", request=ReviewIn, responses=dict)
    def post(self, request: Request, request_id: int) -> Response:
        """Comments, approves or rejects (with a reason). The alias moves once nothing is missing."""
        found, given = access.promotion(self.actor, request_id), valid(ReviewIn, request)
        VERDICTS[given["verdict"]](found, given["text"], by=self.actor)
        return Response(whole_json(access.promotion(self.actor, request_id)))


class Withdraw(TeamView):
    roles = {"post": Role.EDITOR}

    @extend_schema(operation_id="promotions_withdraw", request=WithdrawIn, responses=dict)
    def post(self, request: Request, request_id: int) -> Response:
        """By whoever asked, or an owner."""
        found, given = access.promotion(self.actor, request_id), valid(WithdrawIn, request)
        promotion_requests.withdraw(found, why=given["text"], by=self.actor)
        return Response(whole_json(access.promotion(self.actor, request_id)))


def _alias(alias: str) -> str:
    return "" if alias == ALL else alias
