"""Addresses of the pages of endpoints."""

from django.urls import URLPattern, path

from serving.web import endpoints

urlpatterns: list[URLPattern] = [
    path("endpoints/", endpoints.endpoints, name="endpoints"),
    path("new-endpoint", endpoints.create, name="endpoint-create"),
    path("endpoints/<str:name>/", endpoints.endpoint, name="endpoint"),
    path("endpoints/<str:name>/variants", endpoints.variants, name="endpoint-variants"),
    path("endpoints/<str:name>/delete", endpoints.delete, name="endpoint-delete"),
    path("endpoints/<str:name>/feedback", endpoints.feedback, name="endpoint-feedback"),
]
