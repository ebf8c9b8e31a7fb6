"""Addresses of the registry's pages."""

from django.urls import URLPattern, path

from models_app.web import (
    alias_moves,
    approvals,
    cards,
    compilations,
    intakes,
    model_tests,
    models,
    optimisations,
    versions,
    webhooks,
)

OPTIMISATION = "models/<str:name>/versions/<int:number>/optimisations/<int:optimisation_id>"

urlpatterns: list[URLPattern] = [
    path("webhook-deliveries/<uuid:delivery_id>/replay", webhooks.replay, name="webhook-replay"),
    path("models/", models.models, name="models"),
    path("models/upload", intakes.upload, name="upload"),
    path("models/<str:name>/", models.model, name="model"),
    path("models/<str:name>/delete", models.delete, name="model-delete"),
    path("models/<str:name>/aliases", models.set_alias, name="alias-set"),
    path("models/<str:name>/aliases/delete", models.delete_alias, name="alias-delete"),
    path("models/<str:name>/aliases/move", alias_moves.move, name="alias-move"),
    path("models/<str:name>/aliases/history", alias_moves.history, name="alias-history"),
    path("models/<str:name>/compare", alias_moves.compare, name="compare"),
    path("models/<str:name>/approval", approvals.policies, name="approval"),
    path("models/<str:name>/approval/lift", approvals.lift, name="approval-lift"),
    path("models/<str:name>/promotions", approvals.ask, name="promotion-ask"),
    path("promotions/", approvals.promotions, name="promotions"),
    path("promotions/<int:request_id>/", approvals.promotion, name="promotion"),
    path("promotions/<int:request_id>/review", approvals.review, name="promotion-review"),
    path("promotions/<int:request_id>/withdraw", approvals.withdraw, name="promotion-withdraw"),
    path("models/<str:name>/versions/<int:number>/", versions.version, name="version"),
    path("models/<str:name>/versions/<int:number>/delete", versions.delete, name="version-delete"),
    path("models/<str:name>/versions/<int:number>/compilation", compilations.compilation, name="compilation"),
    path("models/<str:name>/versions/<int:number>/compile", compilations.compile_version, name="compile"),
    path("models/<str:name>/gate", model_tests.gate, name="gate"),
    path("models/<str:name>/versions/<int:number>/tests", model_tests.tests, name="model-tests"),
    path("models/<str:name>/versions/<int:number>/test", model_tests.run_tests, name="model-tests-run"),
    path("models/<str:name>/versions/<int:number>/optimise", optimisations.optimise, name="optimise"),
    path(OPTIMISATION, optimisations.optimisation, name="optimisation"),
    path(f"{OPTIMISATION}/cancel", optimisations.cancel, name="optimisation-cancel"),
    path(f"{OPTIMISATION}/take", optimisations.take, name="optimisation-take"),
    path("models/<str:name>/versions/<int:number>/intake", intakes.decide, name="intake-decide"),
    path("models/<str:name>/versions/<int:number>/files/<str:form>", intakes.file, name="version-file"),
    path("models/<str:name>/versions/<int:number>/card", cards.card, name="card"),
    path("models/<str:name>/versions/<int:number>/card/write", cards.write, name="card-write"),
    path("models/<str:name>/versions/<int:number>/card.md", cards.download, name="card-markdown"),
    path("runs/<uuid:run_id>/register", versions.register, name="register"),
]
