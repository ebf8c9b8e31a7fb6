"""How a test ends: promoted, rolled back or stopped. Called by its actions and by the ticks of canaries."""

from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.errors import Conflict
from models_app.actions.aliases import point_alias
from models_app.actions.gates import pass_gate
from models_app.actions.promotion_requests import refuse_unapproved
from models_app.models import ModelVersion
from models_app.queries.gates import obstacles_to_promotion
from serving.actions.abtest_steps import begin_step, crown
from serving.models import AbTest, AbTestState


def finish(test: AbTest, variant: str, *, reason: str, why: str = "", by: Actor) -> None:
    """Crowns the variant of a locked test; the alias moves in the same transaction.

    Its version's tests must have passed, as for any move of an alias; an owner overrules them by saying `why`. Where
    the alias takes approval, that comes first: ApprovalNeeded.
    """
    version = version_of(test, variant)
    refuse_unapproved(version.model, test.alias, version)
    pass_gate(obstacles_to_promotion(version), version, alias=test.alias, why=why, by=by)
    crown(test, version, why=reason, by=by)
    if test.alias:
        point_alias(version.model, test.alias, version, why=f"“{test.name}”: {reason}", by=by)
    test.winner = variant
    end(test, AbTestState.PROMOTED, reason)
    record(
        by, "ab_test.promote", test, variant=variant, version=str(version), alias=test.alias, reason=reason
    )


def version_of(test: AbTest, variant: str) -> ModelVersion:
    """What the variant serves in this test."""
    return ModelVersion.objects.select_related("model").get(pk=test.versions[variant])


def roll_back(test: AbTest, *, reason: str, by: Actor) -> None:
    """The control gets all traffic of a locked canary again."""
    begin_step(test, {test.control: 100.0}, reason=reason, now=timezone.now(), by=by)
    end(test, AbTestState.ROLLED_BACK, reason)
    record(by, "ab_test.roll_back", test, reason=reason)


def end(test: AbTest, state: AbTestState, reason: str) -> None:
    test.state, test.reason, test.ended_at = state, reason, timezone.now()
    test.save(update_fields=["state", "reason", "ended_at", "winner"])


def locked(test: AbTest) -> AbTest:
    """The row as it is now, for this transaction; Conflict for a test that has ended."""
    rows = AbTest.objects.select_for_update(of=("self",)).select_related("endpoint__team")
    found = rows.get(pk=test.pk)
    if not found.is_running:
        raise Conflict(f"“{found.name}” has ended: it is {found.get_state_display()}.", field="state")
    return found
