"""The only way to an endpoint or an A/B test: filtered by the actor's team, NotFound otherwise."""

from typing import TypeVar

from django.db.models import Model, QuerySet

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

LARGEST_ID = 2**63 - 1
Row = TypeVar("Row", bound=Model)


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
    return _one(ab_tests(by), test_id, by, "A/B test", field="test")


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
    return _one(batches(by), batch_id, by, "batch", field="batch")


def load_tests(by: Actor) -> QuerySet[LoadTest]:
    rows = LoadTest.objects.filter(endpoint__team=by.team)
    return rows.select_related("endpoint__team", "version__model", "job", "run", "created_by")


def load_test(by: Actor, test_id: int) -> LoadTest:
    return _one(load_tests(by), test_id, by, "load test", field="test")


def drift_checks(by: Actor) -> QuerySet[DriftCheck]:
    rows = DriftCheck.objects.filter(endpoint__team=by.team)
    return rows.select_related("endpoint__team", "version__model", "job", "created_by")


def drift_check(by: Actor, check_id: int) -> DriftCheck:
    return _one(drift_checks(by), check_id, by, "drift check", field="check")


def alert_rules(by: Actor) -> QuerySet[AlertRule]:
    rows = AlertRule.objects.filter(endpoint__team=by.team)
    return rows.select_related("endpoint__team", "endpoint__problem", "created_by").prefetch_related(
        "channels"
    )


def alert_rule(by: Actor, rule_id: int) -> AlertRule:
    return _one(alert_rules(by), rule_id, by, "alert rule", field="rule")


def retrainings(by: Actor) -> QuerySet[Retraining]:
    rows = Retraining.objects.filter(endpoint__team=by.team)
    return rows.select_related(
        "endpoint__team", "endpoint__problem", "champion__model", "challenger__model", "run__job", "study", "test",
        "dataset_version__dataset", "original_version__dataset", "created_by", "decided_by",
    ).prefetch_related("steps__job")  # fmt: skip


def retraining(by: Actor, retraining_id: int) -> Retraining:
    return _one(retrainings(by), retraining_id, by, "retraining", field="retraining")


def improvements(by: Actor) -> QuerySet[Improvement]:
    rows = Improvement.objects.filter(endpoint__team=by.team)
    return rows.select_related(
        "endpoint__team", "endpoint__problem", "version__model", "dataset_version__dataset", "job", "created_by",
        "adopted_by",
    )  # fmt: skip


def improvement(by: Actor, improvement_id: int) -> Improvement:
    return _one(improvements(by), improvement_id, by, "improvement study", field="improvement")


def reports(by: Actor) -> QuerySet[EndpointReport]:
    rows = EndpointReport.objects.filter(endpoint__team=by.team)
    return rows.select_related("endpoint__team", "endpoint__problem", "job", "created_by")


def report(by: Actor, report_id: int) -> EndpointReport:
    return _one(reports(by), report_id, by, "report", field="report")


def _one(rows: QuerySet[Row], pk: int, by: Actor, noun: str, *, field: str) -> Row:
    """NotFound, whoever else may have it."""
    found = rows.filter(pk=pk).first() if pk <= LARGEST_ID else None
    if found is None:
        raise NotFound(f"There is no {noun} {pk} in {by.team.name}.", field=field)
    return found
