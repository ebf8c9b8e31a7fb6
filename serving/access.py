"""The only way to an endpoint or an A/B test: filtered by the actor's team, NotFound otherwise."""

from django.db.models import QuerySet

from mlregistry.accounts.access import one_of
from mlregistry.accounts.actor import Actor
from mlregistry.errors import NotFound
from serving.models import (
    AbTest,
    AlertRule,
    Batch,
    DriftCheck,
    Endpoint,
    EndpointReport,
    Improvement,
    LoadTest,
    Retraining,
    Shadow,
)


def endpoints(by: Actor) -> QuerySet[Endpoint]:
    return Endpoint.objects.filter(team=by.team)


def endpoint(by: Actor, name: str) -> Endpoint:
    found = (
        endpoints(by)
        .select_related("team", "problem")
        .prefetch_related("variants__version__model")
        .filter(name=name)
        .first()
    )
    if found is None:
        raise NotFound(f"There is no endpoint “{name}” in {by.team.name}.", field="endpoint")
    return found


def ab_tests(by: Actor) -> QuerySet[AbTest]:
    rows = AbTest.objects.filter(endpoint__team=by.team)
    return rows.select_related("endpoint__team", "endpoint__problem", "created_by")


def ab_test(by: Actor, test_id: int) -> AbTest:
    return one_of(ab_tests(by), test_id, "A/B test", by.team.name, field="test")


def shadow(by: Actor, of: Endpoint, name: str) -> Shadow:
    """Of an endpoint that the actor has got through `endpoint`."""
    found = Shadow.objects.filter(endpoint=of, endpoint__team=by.team, name=name).first()
    if found is None:
        raise NotFound(f"“{of.name}” has no shadow “{name}”.", field="shadow")
    return found


def batches(by: Actor) -> QuerySet[Batch]:
    rows = Batch.objects.filter(endpoint__team=by.team)
    return rows.select_related(
        "endpoint__team", "version__model", "dataset_version__dataset", "result_version__dataset", "job",
        "result", "created_by",
    )  # fmt: skip


def batch(by: Actor, batch_id: int) -> Batch:
    return one_of(batches(by), batch_id, "batch", by.team.name, field="batch")


def load_tests(by: Actor) -> QuerySet[LoadTest]:
    rows = LoadTest.objects.filter(endpoint__team=by.team)
    return rows.select_related("endpoint__team", "version__model", "job", "run", "created_by")


def load_test(by: Actor, test_id: int) -> LoadTest:
    return one_of(load_tests(by), test_id, "load test", by.team.name, field="test")


def drift_checks(by: Actor) -> QuerySet[DriftCheck]:
    rows = DriftCheck.objects.filter(endpoint__team=by.team)
    return rows.select_related("endpoint__team", "version__model", "job", "created_by")


def drift_check(by: Actor, check_id: int) -> DriftCheck:
    return one_of(drift_checks(by), check_id, "drift check", by.team.name, field="check")


def alert_rules(by: Actor) -> QuerySet[AlertRule]:
    rows = AlertRule.objects.filter(endpoint__team=by.team)
    return rows.select_related("endpoint__team", "endpoint__problem", "created_by").prefetch_related(
        "channels"
    )


def alert_rule(by: Actor, rule_id: int) -> AlertRule:
    return one_of(alert_rules(by), rule_id, "alert rule", by.team.name, field="rule")


def retrainings(by: Actor) -> QuerySet[Retraining]:
    rows = Retraining.objects.filter(endpoint__team=by.team)
    return rows.select_related(
        "endpoint__team", "endpoint__problem", "champion__model", "challenger__model", "run__job", "study", "test",
        "dataset_version__dataset", "original_version__dataset", "created_by", "decided_by",
    ).prefetch_related("steps__job")  # fmt: skip


def retraining(by: Actor, retraining_id: int) -> Retraining:
    return one_of(retrainings(by), retraining_id, "retraining", by.team.name, field="retraining")


def improvements(by: Actor) -> QuerySet[Improvement]:
    rows = Improvement.objects.filter(endpoint__team=by.team)
    return rows.select_related(
        "endpoint__team", "endpoint__problem", "version__model", "dataset_version__dataset", "job", "created_by",
        "adopted_by",
    )  # fmt: skip


def improvement(by: Actor, improvement_id: int) -> Improvement:
    return one_of(improvements(by), improvement_id, "improvement study", by.team.name, field="improvement")


def reports(by: Actor) -> QuerySet[EndpointReport]:
    rows = EndpointReport.objects.filter(endpoint__team=by.team)
    return rows.select_related("endpoint__team", "endpoint__problem", "job", "created_by")


def report(by: Actor, report_id: int) -> EndpointReport:
    return one_of(reports(by), report_id, "report", by.team.name, field="report")
