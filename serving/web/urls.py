"""Addresses of the pages of endpoints."""

from django.urls import URLPattern, path

from serving.web import (
    abtests,
    alerts,
    batches,
    endpoints,
    load_tests,
    logs,
    monitoring,
    monitoring_form,
    retraining,
    retraining_form,
    shadows,
)

urlpatterns: list[URLPattern] = [
    path("endpoints/", endpoints.endpoints, name="endpoints"),
    path("new-endpoint", endpoints.create, name="endpoint-create"),
    path("endpoints/<str:name>/", endpoints.endpoint, name="endpoint"),
    path("endpoints/<str:name>/variants", endpoints.variants, name="endpoint-variants"),
    path("endpoints/<str:name>/delete", endpoints.delete, name="endpoint-delete"),
    path("endpoints/<str:name>/feedback", endpoints.feedback, name="endpoint-feedback"),
    path("endpoints/<str:name>/log", logs.log_policy, name="endpoint-log"),
    path("endpoints/<str:name>/monitoring/", monitoring.monitoring, name="monitoring"),
    path("endpoints/<str:name>/monitoring/check", monitoring.check, name="monitoring-check"),
    path("endpoints/<str:name>/monitoring/baseline", monitoring.baseline, name="monitoring-baseline"),
    path("endpoints/<str:name>/monitoring/declaration", monitoring_form.declare, name="monitoring-declare"),
    path("endpoints/<str:name>/retraining/", retraining.retraining, name="retraining"),
    path("endpoints/<str:name>/retraining/start", retraining.start, name="retraining-start"),
    path("endpoints/<str:name>/retraining/policy", retraining_form.declare, name="retraining-declare"),
    path("endpoints/<str:name>/retraining/delete", retraining_form.delete, name="retraining-delete"),
    path("retrainings/<int:retraining_id>/", retraining.attempt, name="retraining-attempt"),
    *(
        path(
            f"retrainings/<int:retraining_id>/{what}",
            retraining.decide,
            {"what": what},
            name=f"retraining-{what}",
        )
        for what in retraining.DECISIONS
    ),
    path("endpoints/<str:name>/batches/", batches.batches, name="batches"),
    path("batches/<int:batch_id>/", batches.batch, name="batch"),
    path("batches/<int:batch_id>/cancel", batches.cancel, name="batch-cancel"),
    path("batches/<int:batch_id>/download", batches.download, name="batch-download"),
    path("endpoints/<str:name>/new-test", abtests.create, name="ab-test-create"),
    path("endpoints/<str:name>/test-plan", abtests.plan, name="ab-test-plan"),
    path("endpoints/<str:name>/shadows", shadows.add, name="shadow-add"),
    path("endpoints/<str:name>/shadows/<str:shadow>/remove", shadows.remove, name="shadow-remove"),
    path("endpoints/<str:name>/new-load-test", load_tests.create, name="load-test-create"),
    path("load-tests/<int:test_id>/", load_tests.load_test, name="load-test"),
    path("load-tests/<int:test_id>/cancel", load_tests.cancel, name="load-test-cancel"),
    path("alerts/", alerts.all_alerts, name="alerts"),
    path("endpoints/<str:name>/alerts/", alerts.endpoint_alerts, name="endpoint-alerts"),
    path("endpoints/<str:name>/new-alert-rule", alerts.create, name="alert-rule-create"),
    path("alert-rules/<int:rule_id>/", alerts.alert_rule, name="alert-rule"),
    path("alert-rules/<int:rule_id>/edit", alerts.edit, name="alert-rule-edit"),
    path("alert-rules/<int:rule_id>/switch", alerts.switch, name="alert-rule-switch"),
    path("alert-rules/<int:rule_id>/delete", alerts.delete, name="alert-rule-delete"),
    path("ab-tests/<int:test_id>/", abtests.ab_test, name="ab-test"),
    path("ab-tests/<int:test_id>/stop", abtests.stop, name="ab-test-stop"),
    path("ab-tests/<int:test_id>/promote", abtests.promote, name="ab-test-promote"),
]
