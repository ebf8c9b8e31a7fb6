"""Rows of all that stands around an endpoint: tests, alerts, batches, reports, retrainings. See `many_things`."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from mlregistry.accounts.actor import Actor
from models_app.models import ModelVersion
from serving.actions.reports import keep_document
from serving.actions.shadows import MOST_SHADOWS
from serving.models import (
    AbTest,
    AbTestLook,
    AbTestStep,
    AlertEvent,
    AlertRule,
    AnswerCount,
    Batch,
    DriftCheck,
    Endpoint,
    EndpointMove,
    EndpointReading,
    EndpointReport,
    Improvement,
    LoadTest,
    Retraining,
    RetrainingStep,
    Shadow,
)
from serving.queries.reports import document
from serving.report_periods import Period

LOAD = {
    "shape": "closed", "seconds": 20.0, "connections": 16, "warm_up_seconds": 2.0, "n_rows": 1,
    "goal_seconds": None, "kept": False, "variant": "",
}  # fmt: skip


def add_behind(endpoint: Endpoint, version: ModelVersion, n: int, *, by: Actor) -> None:
    """Number `n` of each; the first test runs and the first retraining is open, as there may be one of these."""
    _tests(endpoint, version, n)
    _alerts(endpoint, n)
    _counts(endpoint, version, n)
    _retrainings(endpoint, version, n, by)
    _reports(endpoint, n)
    EndpointMove.objects.create(
        team=by.team, endpoint_id_then=endpoint.pk, endpoint_name=endpoint.name, via="web", at=timezone.now(),
        variants=[
            {"name": "only", "model": version.model.name, "version": version.number, "weight": 100.0}
        ],
    )  # fmt: skip


def _tests(endpoint: Endpoint, version: ModelVersion, n: int) -> None:
    now = timezone.now()
    control = next(iter(endpoint.variants.values_list("name", flat=True)), "only")
    test = AbTest.objects.create(
        endpoint=endpoint, name=f"test {n}", mode="split", control=control, metric="accuracy", horizon=100,
        versions={control: version.pk, "challenger": version.pk}, look_at=now, started_at=now,
        state="stopped" if n else "running", ended_at=now if n else None, memory={"newest": _seen(control, 0, version)},
    )  # fmt: skip
    first = AbTest.objects.filter(endpoint=endpoint).order_by("pk")[0]
    for owner in dict.fromkeys((test, first)):
        AbTestStep.objects.create(
            test=owner, number=n, weights={control: 50.0, "challenger": 50.0}, started_at=now
        )
        AbTestLook.objects.create(
            test=owner, at=now + timedelta(minutes=n), figures=_seen(control, n, version)
        )
    LoadTest.objects.create(endpoint=endpoint, version=version, declared=LOAD, ended_at=now)
    if n < MOST_SHADOWS:
        Shadow.objects.create(
            endpoint=endpoint, name=f"shadow-{n}", version=version, since=now, scored_until=now
        )


def _seen(control: str, n: int, version: ModelVersion) -> dict[str, Any]:
    """What a look at a test keeps."""
    units = {"n_seen": 100 + n, "n_units": 90 + n, "value": 0.8, "best": 0.5, "loss": 0.01}
    return {
        "weights": {control: 50.0, "challenger": 50.0},
        "variants": [{"variant": name, **units} for name in (control, "challenger")],
        "comparisons": [
            {"variant": "challenger", "verdict": "open", "improvement": n / 1000, "low": -0.1, "high": 0.1,
             "adjusted": 0.5, "reduction": 0.0}
        ],
        "split": {"p": 0.5, "chi_square_p": 0.5}, "readings": [], "move": None,
    }  # fmt: skip


def _alerts(endpoint: Endpoint, n: int) -> None:
    now = timezone.now()
    AlertRule.objects.create(
        endpoint=endpoint, name=f"rule {n}", figure="error_rate", comparison="above", threshold=0.1,
        window_seconds=300, state="ok" if n else "firing", state_since=now, look_at=now,
    )  # fmt: skip
    first = AlertRule.objects.filter(endpoint=endpoint).order_by("pk")[0]
    AlertEvent.objects.create(
        rule=first, at=now, former="ok", state="firing", value=0.2, text=f"It fires {n}."
    )


def _counts(endpoint: Endpoint, version: ModelVersion, n: int) -> None:
    now = timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    AnswerCount.objects.get_or_create(
        endpoint=endpoint, variant="only", version_id=version.pk, status=200, hour=hour - timedelta(hours=n),
        defaults={"n_requests": 9, "n_rows": 9, "seconds": 0.1, "histogram": [0, 0, 9, *[0] * 12]},
    )  # fmt: skip
    EndpointReading.objects.create(
        endpoint=endpoint, since=now - timedelta(minutes=1), at=now, n_requests=9, histogram=[0, 0, 9, *[0] * 12],
        open_hour=hour,
    )  # fmt: skip
    DriftCheck.objects.create(
        endpoint=endpoint, version=version, since=hour, until=now, at=now - timedelta(minutes=n), verdict="quiet",
        n_rows=500, n_compared=4,
    )  # fmt: skip


def _retrainings(endpoint: Endpoint, version: ModelVersion, n: int, by: Actor) -> None:
    now = timezone.now()
    retraining = Retraining.objects.create(
        endpoint=endpoint, trigger="asked", reason="r", declared={"approval": True}, champion=version,
        started_at=now, state="promoted" if n else "running", ended_at=now if n else None, created_by=by.user,
    )  # fmt: skip
    RetrainingStep.objects.create(retraining=retraining, name="triggered", state="done", started_at=now)
    Improvement.objects.create(endpoint=endpoint, version=version, data_name="d v1", plan={}, recipe={})
    Batch.objects.create(endpoint=endpoint, version=version, created_by=by.user)


def _reports(endpoint: Endpoint, n: int) -> None:
    """The first report's document is real, and that of the others too."""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    of = Period(hour - timedelta(days=7 * (n + 1)), hour - timedelta(days=7 * n))
    report = EndpointReport.objects.create(endpoint=endpoint, rhythm="asked", since=of.since, until=of.until)
    first = EndpointReport.objects.filter(endpoint=endpoint).order_by("pk")[0]
    made = first.document or document(endpoint, "weekly", of, now=hour, report=lambda share, text: None)
    keep_document(report.pk, made)
