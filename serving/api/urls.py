"""The addresses of endpoints under /api/v1/."""

from django.urls import path

from . import abtests, alerts, batches, deploying, endpoints, invocations, load_tests, logs, scoring, shadows

urlpatterns = [
    path("endpoints/", endpoints.Endpoints.as_view()),
    path("endpoints/<str:name>", endpoints.Endpoint.as_view()),
    path("endpoints/<str:name>/variants", endpoints.Variants.as_view()),
    path("endpoints/<str:name>/statistics", endpoints.Statistics.as_view()),
    path("endpoints/<str:name>/invocations", invocations.Invocations.as_view()),
    path("endpoints/<str:name>/ping", scoring.Ping.as_view()),
    path("endpoints/<str:name>/health", scoring.Health.as_view()),
    path("endpoints/<str:name>/version", scoring.Version.as_view()),
    path("endpoints/<str:name>/deploy", deploying.Deploy.as_view()),
    path("endpoints/<str:name>/log", logs.Log.as_view()),
    path("endpoints/<str:name>/batches/", batches.Batches.as_view()),
    path("batches/<int:batch_id>", batches.OneBatch.as_view()),
    path("batches/<int:batch_id>/cancel", batches.Cancel.as_view()),
    path("batches/<int:batch_id>/result", batches.Result.as_view()),
    path("endpoints/<str:name>/feedback", endpoints.Feedback.as_view()),
    path("endpoints/<str:name>/ab-tests/", abtests.AbTests.as_view()),
    path("endpoints/<str:name>/ab-test-plan", abtests.Plan.as_view()),
    path("endpoints/<str:name>/shadows/", shadows.Shadows.as_view()),
    path("endpoints/<str:name>/shadows/<str:shadow>", shadows.Shadow.as_view()),
    path("endpoints/<str:name>/load-tests/", load_tests.LoadTests.as_view()),
    path("load-tests/<int:test_id>", load_tests.LoadTest.as_view()),
    path("load-tests/<int:test_id>/cancel", load_tests.Cancel.as_view()),
    path("alert-figures/", alerts.Figures.as_view()),
    path("alert-rules/", alerts.AllRules.as_view()),
    path("endpoints/<str:name>/alert-rules/", alerts.Rules.as_view()),
    path("alert-rules/<int:rule_id>", alerts.Rule.as_view()),
    path("alert-rules/<int:rule_id>/events", alerts.Events.as_view()),
    path("ab-tests/<int:test_id>", abtests.AbTest.as_view()),
    path("ab-tests/<int:test_id>/looks", abtests.Looks.as_view()),
    path("ab-tests/<int:test_id>/stop", abtests.Stop.as_view()),
    path("ab-tests/<int:test_id>/promote", abtests.Promote.as_view()),
]
