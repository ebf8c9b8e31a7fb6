"""The registry in the admin: to look and to search; deleting goes through the actions."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from mlregistry.look_only import LookOnly, LookOnlyInline
from models_app.actions import model_tests as test_actions
from models_app.actions import models as model_actions
from models_app.actions import versions as version_actions
from models_app.actions import webhooks as webhook_actions
from models_app.admin_approvals import AliasMoveAdmin, ApprovalPolicyAdmin, PromotionRequestAdmin
from models_app.admin_intakes import CardTextAdmin, CompilationAdmin, IntakeAdmin
from models_app.admin_optimisations import OptimisationAdmin
from models_app.admin_tests import AwaitedAliasAdmin, LoadVerdictAdmin, ModelGateAdmin, ModelTestRunAdmin
from models_app.models import Alias, ModelFile, ModelVersion, RegisteredModel, Webhook, WebhookDelivery

__all__ = [
    "AliasMoveAdmin", "ApprovalPolicyAdmin", "AwaitedAliasAdmin", "CardTextAdmin", "CompilationAdmin", "IntakeAdmin",
    "LoadVerdictAdmin", "ModelGateAdmin", "ModelTestRunAdmin", "OptimisationAdmin", "PromotionRequestAdmin",
]  # fmt: skip


class Aliases(LookOnlyInline):
    model = Alias
    fields = ["name", "version", "updated_at"]


class Files(LookOnlyInline):
    model = ModelFile
    fields = ["format", "file", "trained_here"]


@admin.register(RegisteredModel)
class RegisteredModelAdmin(LookOnly):
    list_display = ["name", "team", "problem", "last_number", "created_by", "updated_at"]
    list_filter = ["team", "created_at"]
    search_fields = ["name", "description"]
    list_select_related = ["team", "problem", "created_by"]
    inlines = [Aliases]
    actions = ["delete_models"]

    @admin.action(description="Delete with versions and aliases", permissions=["operate"])
    def delete_models(self, request: HttpRequest, rows: QuerySet[RegisteredModel]) -> None:
        for model in rows.select_related("team"):
            self.act_on(request, model, model.team, model_actions.delete_model)


@admin.register(ModelVersion)
class ModelVersionAdmin(LookOnly):
    list_display = ["model", "number", "state", "run", "created_by", "created_at"]
    list_filter = ["state", "model__team", "created_at"]
    search_fields = ["model__name", "description"]
    list_select_related = ["model", "run", "created_by"]
    inlines = [Files]
    actions = ["test_versions", "delete_versions"]

    @admin.action(description="Run their tests", permissions=["operate"])
    def test_versions(self, request: HttpRequest, rows: QuerySet[ModelVersion]) -> None:
        for version in rows.select_related("model__team"):
            self.act_on(request, version, version.model.team, test_actions.request_tests)

    @admin.action(description="Delete versions that no endpoint serves", permissions=["operate"])
    def delete_versions(self, request: HttpRequest, rows: QuerySet[ModelVersion]) -> None:
        for version in rows.select_related("model__team"):
            self.act_on(request, version, version.model.team, version_actions.delete_version)


@admin.register(Webhook)
class WebhookAdmin(LookOnly):
    list_display = ["name", "team", "events", "status", "created_by", "updated_at"]
    list_filter = ["status", "team"]
    search_fields = ["name"]
    list_select_related = ["team", "created_by"]
    exclude = ["sealed_secret"]
    actions = ["delete_webhooks"]

    @admin.action(description="Delete with their logs", permissions=["operate"])
    def delete_webhooks(self, request: HttpRequest, rows: QuerySet[Webhook]) -> None:
        for webhook in rows.select_related("team"):
            self.act_on(request, webhook, webhook.team, webhook_actions.delete_webhook)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(LookOnly):
    list_display = ["event", "webhook", "status_code", "attempts", "created_at", "delivered_at"]
    list_filter = ["event", "webhook__team"]
    list_select_related = ["webhook"]
