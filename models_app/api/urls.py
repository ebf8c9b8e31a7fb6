"""The registry's addresses under /api/v1/."""

from django.urls import path

from . import (
    alias_history,
    approvals,
    cards,
    compilations,
    intakes,
    model_tests,
    models,
    optimisations,
    version_diffs,
    versions,
    webhooks,
)

OPTIMISATION = "models/<str:name>/versions/<int:number>/optimisations/<int:optimisation_id>"

urlpatterns = [
    path("webhook-deliveries/", webhooks.WebhookDeliveries.as_view()),
    path("webhook-deliveries/<uuid:delivery_id>/replay", webhooks.WebhookReplay.as_view()),
    path("models/", models.Models.as_view()),
    path("models/<str:name>", models.Model.as_view()),
    path("models/<str:name>/versions/", versions.Versions.as_view()),
    path("models/<str:name>/versions/<int:number>", versions.Version.as_view()),
    path("models/<str:name>/versions/<int:number>/lineage", versions.Lineage.as_view()),
    path("models/<str:name>/uploads", intakes.Uploads.as_view()),
    path("models/<str:name>/versions/<int:number>/card", cards.Card.as_view()),
    path("models/<str:name>/versions/<int:number>/card.md", cards.CardMarkdown.as_view()),
    path("models/<str:name>/versions/<int:number>/intake", intakes.Intake.as_view()),
    path("models/<str:name>/versions/<int:number>/files/<str:form>", intakes.Files.as_view()),
    path("models/<str:name>/versions/<int:number>/compilation", compilations.Compilation.as_view()),
    path("models/<str:name>/versions/<int:number>/costs", optimisations.Costs.as_view()),
    path("models/<str:name>/versions/<int:number>/optimisations", optimisations.Optimisations.as_view()),
    path(OPTIMISATION, optimisations.Optimisation.as_view()),
    path(f"{OPTIMISATION}/cancel", optimisations.Cancel.as_view()),
    path(f"{OPTIMISATION}/candidates/<int:place>/version", optimisations.CandidateVersion.as_view()),
    path("models/<str:name>/alias-history", alias_history.AliasHistory.as_view()),
    path("models/<str:name>/compare", version_diffs.Compare.as_view()),
    path("models/<str:name>/approval-policies/", approvals.Policies.as_view()),
    path("models/<str:name>/approval-policies/<str:alias>", approvals.Policy.as_view()),
    path("models/<str:name>/promotions/", approvals.Promotions.as_view()),
    path("promotions/", approvals.AllPromotions.as_view()),
    path("promotions/<int:request_id>", approvals.Promotion.as_view()),
    path("promotions/<int:request_id>/reviews", approvals.Reviews.as_view()),
    path("promotions/<int:request_id>/withdraw", approvals.Withdraw.as_view()),
    path("model-tests", model_tests.Checks.as_view()),
    path("models/<str:name>/gate", model_tests.Gate.as_view()),
    path("models/<str:name>/versions/<int:number>/tests", model_tests.Tests.as_view()),
    path("models/<str:name>/aliases/<str:alias>", versions.Alias.as_view()),
]
