"""Periods of constant weights: each change of a test's split goes through `begin_step`. Called by its other actions."""

from collections.abc import Mapping
from datetime import datetime

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from models_app.models import ModelVersion
from serving.actions.endpoints import VariantSpec, set_variants
from serving.models import AbTest, AbTestStep, Variant
from serving.queries.abtest_units import answers


def begin_step(
    test: AbTest, weights: Mapping[str, float], *, reason: str, now: datetime, by: Actor
) -> AbTestStep:
    """Gives the variants these weights (per cent) and starts a new period; those left out get nothing."""
    rows = list(Variant.objects.filter(endpoint=test.endpoint).select_related("version__model"))
    if any(float(row.weight) != weights.get(row.name, 0.0) for row in rows):
        specs: list[VariantSpec] = [
            {"name": row.name, "version": row.version, "weight": weights.get(row.name, 0.0)} for row in rows
        ]
        set_variants(test.endpoint, specs, test=test, why=f"“{test.name}”: {reason}", by=by)
    counts = {name: one.to_json() for name, one in answers(test.endpoint, test.versions).items()}
    step = AbTestStep.objects.create(
        test=test,
        number=AbTestStep.objects.filter(test=test).count(),
        weights={name: weights.get(name, 0.0) for name in test.versions},
        reason=reason,
        counts=counts,
        started_at=now,
    )
    record(by, "ab_test.step", test, number=step.number, weights=step.weights, reason=reason)
    return step


def crown(test: AbTest, version: ModelVersion, *, why: str = "", by: Actor) -> None:
    """The control's variant takes over the winner's version and all traffic; the challengers go."""
    rows = Variant.objects.filter(endpoint=test.endpoint).exclude(name__in=test.challengers)
    specs: list[VariantSpec] = [
        {"name": row.name, "version": version, "weight": 100.0}
        if row.name == test.control
        else {"name": row.name, "version": row.version, "weight": 0.0}
        for row in rows.select_related("version__model")
    ]
    set_variants(test.endpoint, specs, test=test, why=f"“{test.name}”: {why}", by=by)
