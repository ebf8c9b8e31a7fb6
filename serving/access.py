"""The only way to an endpoint or an A/B test: filtered by the actor's team, NotFound otherwise."""

from django.db.models import QuerySet

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
    found = ab_tests(by).filter(pk=test_id).first() if test_id <= LARGEST_ID else None
    if found is None:
        raise NotFound(f"There is no A/B test {test_id} in {by.team.name}.", field="test")
    return found


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
    found = batches(by).filter(pk=batch_id).first() if batch_id <= LARGEST_ID else None
    if found is None:
        raise NotFound(f"There is no batch {batch_id} in {by.team.name}.", field="batch")
    return found


def load_tests(by: Actor) -> QuerySet[LoadTest]:
    rows = LoadTest.objects.filter(endpoint__team=by.team)
    return rows.select_related("endpoint__team", "version__model", "job", "run", "created_by")


def load_test(by: Actor, test_id: int) -> LoadTest:
    found = load_tests(by).filter(pk=test_id).first() if test_id <= LARGEST_ID else None
    if found is None:
        raise NotFound(f"There is no load test {test_id} in {by.team.name}.", field="test")
    return found


def drift_checks(by: Actor) -> QuerySet[DriftCheck]:
    rows = DriftCheck.objects.filter(endpoint__team=by.team)
    return rows.select_related("endpoint__team", "version__model", "job", "created_by")


def drift_check(by: Actor, check_id: int) -> DriftCheck:
    found = drift_checks(by).filter(pk=check_id).first() if check_id <= LARGEST_ID else None
    if found is None:
        raise NotFound(f"There is no drift check {check_id} in {by.team.name}.", field="check")
    return found


def alert_rules(by: Actor) -> QuerySet[AlertRule]:
    rows = AlertRule.objects.filter(endpoint__team=by.team)
    return rows.select_related("endpoint__team", "endpoint__problem", "created_by").prefetch_related(
        "channels"
    )


def alert_rule(by: Actor, rule_id: int) -> AlertRule:
    found = alert_rules(by).filter(pk=rule_id).first() if rule_id <= LARGEST_ID else None
    if found is None:
        raise NotFound(f"There is no alert rule {rule_id} in {by.team.name}.", field="rule")
    return found


def retrainings(by: Actor) -> QuerySet[Retraining]:
    rows = Retraining.objects.filter(endpoint__team=by.team)
    return rows.select_related(
        "endpoint__team", "endpoint__problem", "champion__model", "challenger__model", "run__job", "study", "test",
        "dataset_version__dataset", "original_version__dataset", "created_by", "decided_by",
    ).prefetch_related("steps__job")  # fmt: skip


def retraining(by: Actor, retraining_id: int) -> Retraining:
    found = retrainings(by).filter(pk=retraining_id).first() if retraining_id <= LARGEST_ID else None
    if found is None:
        raise NotFound(f"There is no retraining {retraining_id} in {by.team.name}.", field="retraining")
    return found


def improvements(by: Actor) -> QuerySet[Improvement]:
    rows = Improvement.objects.filter(endpoint__team=by.team)
    return rows.select_related(
        "endpoint__team", "endpoint__problem", "version__model", "dataset_version__dataset", "job", "created_by",
        "adopted_by",
    )  # fmt: skip


def improvement(by: Actor, improvement_id: int) -> Improvement:
    found = improvements(by).filter(pk=improvement_id).first() if improvement_id <= LARGEST_ID else None
    if found is None:
        raise NotFound(
            f"There is no improvement study {improvement_id} in {by.team.name}.", field="improvement"
        )
    return found


def reports(by: Actor) -> QuerySet[EndpointReport]:
    rows = EndpointReport.objects.filter(endpoint__team=by.team)
    return rows.select_related("endpoint__team", "endpoint__problem", "job", "created_by")


def report(by: Actor, report_id: int) -> EndpointReport:
    found = reports(by).filter(pk=report_id).first() if report_id <= LARGEST_ID else None
    if found is None:
        raise NotFound(f"There is no report {report_id} in {by.team.name}.", field="report")
    return found
