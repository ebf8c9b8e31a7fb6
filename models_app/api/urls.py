"""The registry's addresses under /api/v1/."""

from django.urls import path

from . import compilations, models, versions

urlpatterns = [
    path("models/", models.Models.as_view()),
    path("models/<str:name>", models.Model.as_view()),
    path("models/<str:name>/versions/", versions.Versions.as_view()),
    path("models/<str:name>/versions/<int:number>", versions.Version.as_view()),
    path("models/<str:name>/versions/<int:number>/lineage", versions.Lineage.as_view()),
    path("models/<str:name>/versions/<int:number>/compilation", compilations.Compilation.as_view()),
    path("models/<str:name>/aliases/<str:alias>", versions.Alias.as_view()),
]
