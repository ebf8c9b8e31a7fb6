"""Keeps what a load test said of a version, where the gate reads it. Called by serving, which stands above."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from models_app.actions.model_tests import settle_awaited
from models_app.models import LoadVerdict, ModelVersion

MOST_REASONS = 20


def keep_load_verdict(
    version: ModelVersion, *, passed: bool, goal: Mapping[str, Any], figures: Mapping[str, Any],
    reasons: Sequence[str], served: str, endpoint: str, load_test_id: int, by: Actor,
) -> LoadVerdict:  # fmt: skip
    """In the place of the one before. Aliases that waited for it move, or stay."""
    with transaction.atomic():
        kept, _ = LoadVerdict.objects.update_or_create(
            version=version,
            defaults={
                "is_passed": passed, "goal": dict(goal), "figures": dict(figures), "served": served,
                "reasons": list(reasons)[:MOST_REASONS], "endpoint_name": endpoint, "load_test_id": load_test_id,
            },
        )  # fmt: skip
        record(by, "version.load_tested", version, passed=passed, load_test=load_test_id)
    settle_awaited(version, by=by)
    return kept
