"""Approval and the history of aliases in the admin: to look at."""

from django.contrib import admin

from mlregistry.look_only import LookOnly, LookOnlyInline
from models_app.models import AliasMove, ApprovalPolicy, PromotionRequest, PromotionReview


class Reviews(LookOnlyInline):
    model = PromotionReview
    fields = ["user", "verdict", "text", "at"]


@admin.register(ApprovalPolicy)
class ApprovalPolicyAdmin(LookOnly):
    list_display = ["model", "alias", "n_approvers", "checks", "updated_by", "updated_at"]
    list_filter = ["model__team"]
    search_fields = ["model__name", "alias"]
    list_select_related = ["model", "updated_by"]


@admin.register(PromotionRequest)
class PromotionRequestAdmin(LookOnly):
    list_display = ["version", "alias", "state", "requested_by", "requested_at", "decided_by", "decided_at"]
    list_filter = ["state", "model__team"]
    search_fields = ["model__name", "alias"]
    list_select_related = ["version__model", "requested_by", "decided_by"]
    inlines = [Reviews]


@admin.register(AliasMove)
class AliasMoveAdmin(LookOnly):
    list_display = ["at", "model_name", "alias", "number", "former", "who", "via"]
    list_filter = ["team", "via"]
    search_fields = ["model_name", "alias", "who"]
