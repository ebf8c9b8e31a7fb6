"""The registry's addresses under /api/v1/."""

from django.urls import path

from . import compilations, model_tests, models, versions

urlpatterns = [
    path("models/", models.Models.as_view()),
    path("models/<str:name>", models.Model.as_view()),
    path("models/<str:name>/versions/", versions.Versions.as_view()),
    path("models/<str:name>/versions/<int:number>", versions.Version.as_view()),
    path("models/<str:name>/versions/<int:number>/lineage", versions.Lineage.as_view()),
    path("models/<str:name>/versions/<int:number>/compilation", compilations.Compilation.as_view()),
    path("model-tests", model_tests.Checks.as_view()),
    path("models/<str:name>/gate", model_tests.Gate.as_view()),
    path("models/<str:name>/versions/<int:number>/tests", model_tests.Tests.as_view()),
    path("models/<str:name>/aliases/<str:alias>", versions.Alias.as_view()),
]
