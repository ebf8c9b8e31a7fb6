"""The addresses that other servers' clients expect at the root: the Open Inference Protocol's and MLflow's."""

from django.urls import path

from . import inference, invocations, scoring

urlpatterns = [
    path("v2", inference.Server.as_view()),
    path("v2/", inference.Server.as_view()),
    path("v2/health/live", inference.Live.as_view()),
    path("v2/health/ready", inference.Ready.as_view()),
    path("v2/models/<str:name>", inference.Model.as_view()),
    path("v2/models/<str:name>/ready", inference.ModelReady.as_view()),
    path("v2/models/<str:name>/infer", inference.Infer.as_view()),
    path("v2/models/<str:name>/versions/<int:version>", inference.Model.as_view()),
    path("v2/models/<str:name>/versions/<int:version>/ready", inference.ModelReady.as_view()),
    path("v2/models/<str:name>/versions/<int:version>/infer", inference.Infer.as_view()),
    path("invocations", invocations.OnlyInvocations.as_view()),
    path("endpoints/<str:name>/invocations", invocations.ClientInvocations.as_view()),
    path("endpoints/<str:name>/ping", scoring.Ping.as_view()),
    path("endpoints/<str:name>/health", scoring.Health.as_view()),
    path("endpoints/<str:name>/version", scoring.Version.as_view()),
]
