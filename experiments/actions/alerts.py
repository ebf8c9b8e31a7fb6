"""Raise, supersede and close what people should look at. Called by checking, schedules and the doors."""

from django.db import transaction
from django.utils import timezone

from experiments.models import Dataset, DatasetVersion, Problem, QualityAlert
from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role


def raise_alert(
    version: DatasetVersion, kind: str, message: str, *, problem: Problem | None = None, by: Actor
) -> QualityAlert:
    """One open alert per dataset, kind and problem: a newer one takes the place of the older."""
    with transaction.atomic():
        known = QualityAlert.objects.filter(
            version=version, kind=kind, problem=problem, message=message, closed_at=None
        ).first()
        if known is not None:
            return known
        close_all(version.dataset, kind, problem=problem, by=None)
        alert = QualityAlert.objects.create(
            team=by.team,
            dataset=version.dataset,
            version=version,
            kind=kind,
            problem=problem,
            message=message,
        )
        audit.record(by, f"quality.{kind}_alert", version, message=message[:500])
    return alert


def close_all(dataset: Dataset, kind: str, *, problem: Problem | None = None, by: Actor | None) -> int:
    """Close the open alerts of this kind."""
    rows = QualityAlert.objects.filter(dataset=dataset, kind=kind, problem=problem, closed_at=None)
    return rows.update(closed_at=timezone.now(), closed_by=by.user if by else None)


def close_alert(alert: QualityAlert, *, by: Actor) -> QualityAlert:
    """Seen and accepted: a difference from the version before no longer keeps schedules from training."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        alert.closed_at, alert.closed_by = timezone.now(), by.user
        alert.save(update_fields=["closed_at", "closed_by"])
        audit.record(by, "quality.close_alert", alert.version, kind=alert.kind, message=alert.message[:500])
    return alert
