"""The addresses of endpoints under /api/v1/."""

from django.urls import path

from . import endpoints, invocations

urlpatterns = [
    path("endpoints/", endpoints.Endpoints.as_view()),
    path("endpoints/<str:name>", endpoints.Endpoint.as_view()),
    path("endpoints/<str:name>/variants", endpoints.Variants.as_view()),
    path("endpoints/<str:name>/statistics", endpoints.Statistics.as_view()),
    path("endpoints/<str:name>/invocations", invocations.Invocations.as_view()),
    path("endpoints/<str:name>/feedback", endpoints.Feedback.as_view()),
]
