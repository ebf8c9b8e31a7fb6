"""Retraining of endpoints: begin one, stop it, approve or reject its challenger. Called by doors and by the triggers.

A constraint of the database holds an endpoint to one attempt at a time.
"""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, Invalid
from serving.actions.retraining_declarations import declaration_of, plain
from serving.actions.retraining_driving import locked, newest
from serving.actions.retraining_ends import end
from serving.actions.retraining_live import take_over
from serving.models import (
    Endpoint,
    Retraining,
    RetrainingPolicy,
    RetrainingState,
    RetrainingStep,
    StepName,
    StepState,
    Trigger,
)
from serving.queries import labelled_rows
from serving.queries import retraining as queries
from serving.queries.improvements import adopted_recipe

UNDER_WAY = "A retraining is under way; it ends before another begins."


def start_retraining(
    endpoint: Endpoint, *, why: str = "", now: datetime | None = None, by: Actor
) -> Retraining:
    """Because somebody asks for it, cool-down or not. Conflict while one is under way, or without a policy."""
    by.require(Role.EDITOR)
    policy = queries.policy_of(endpoint)
    if policy is None:
        raise Conflict(
            f"Declare first how “{endpoint.name}” is retrained: what is trained, on which rows, how it goes live.",
            field="policy",
        )
    reason = why.strip()[:2_000] or f"{by.user or 'The server'} asked for it."
    return begin(policy, Trigger.ASKED, reason, now=now or timezone.now(), by=by)


def begin(policy: RetrainingPolicy, trigger: Trigger, reason: str, *, now: datetime, by: Actor) -> Retraining:
    """One attempt with the policy as it is now. Conflict while another is under way; Invalid without a champion that
    was trained here."""
    endpoint = policy.endpoint
    champion = queries.champion_of(endpoint)
    original = queries.original_of(endpoint, champion.version) if champion is not None else None
    if champion is None or champion.version.run is None or original is None:
        raise Invalid(
            f"The champion of “{endpoint.name}” was not trained on a dataset version of this server, so there is"
            " neither a recipe nor rows to begin with.",
            field="endpoint",
        )
    if hidden := labelled_rows.hidden_inputs(endpoint, champion.version):
        raise Invalid(
            f"The prediction log hides the column “{hidden[0]}”, so its rows cannot be learned from. Change what is"
            " logged first.",
            field="log",
        )
    try:
        with transaction.atomic():
            row = Retraining.objects.create(
                endpoint=endpoint, trigger=trigger, reason=reason, declared=_declared(policy),
                champion=champion.version, original_version=original, created_by=by.user, started_at=now,
            )  # fmt: skip
            RetrainingStep.objects.create(
                retraining=row, name=StepName.TRIGGERED, state=StepState.DONE, text=reason, started_at=now,
                ended_at=now,
            )  # fmt: skip
            RetrainingStep.objects.create(retraining=row, name=StepName.ASSEMBLING, started_at=now)
            record(by, "retraining.start", row, endpoint=endpoint.name, trigger=trigger, reason=reason)
    except IntegrityError as error:
        raise Conflict(UNDER_WAY, field="state") from error
    return row


def _declared(policy: RetrainingPolicy) -> dict[str, Any]:
    """What holds for one retraining, whatever becomes of its policy: with the recipe that was adopted meanwhile from
    a study of improvements, unless the policy names one."""
    found = plain(declaration_of(policy))
    return found if found["recipe"] else {**found, "recipe": adopted_recipe(policy.endpoint)}


def stop_retraining(
    retraining: Retraining, *, why: str = "", now: datetime | None = None, by: Actor
) -> Retraining:
    """At whichever step it is: its job, run, search and challenger go with it."""
    return _decided(retraining, RetrainingState.CANCELLED, why or "Stopped.", now, by)


def reject(retraining: Retraining, *, why: str = "", now: datetime | None = None, by: Actor) -> Retraining:
    """Of one that waits for approval; the champion goes on alone."""
    _require_waiting(retraining)
    return _decided(retraining, RetrainingState.REFUSED, why or "Rejected.", now, by)


def approve(retraining: Retraining, *, why: str = "", now: datetime | None = None, by: Actor) -> Retraining:
    """The challenger takes the champion's place and the alias. What its canary or tests meanwhile speak against, an
    owner may overrule by saying `why`."""
    by.require(Role.EDITOR)
    _require_waiting(retraining)
    now = now or timezone.now()
    with transaction.atomic():
        row = _held(retraining)
        if row.state != RetrainingState.WAITING:
            raise Conflict("It does not wait for approval any more.", field="state")
        take_over(row, why=why, by=by)
        row.decided_by = by.user
        record(by, "retraining.approve", row, endpoint=row.endpoint.name, why=why)
        text = f"{by.user or 'The server'} approved it. {why}".strip()
        end(row, newest(row), RetrainingState.PROMOTED, text, now=now, by=by)
    return row


def _decided(
    retraining: Retraining, state: RetrainingState, text: str, now: datetime | None, by: Actor
) -> Retraining:
    by.require(Role.EDITOR)
    with transaction.atomic():
        row = _held(retraining)
        row.decided_by = by.user
        end(row, newest(row), state, text.strip()[:2_000], now=now or timezone.now(), by=by)
    return row


def _require_waiting(retraining: Retraining) -> None:
    if retraining.state != RetrainingState.WAITING:
        raise Conflict(
            f"Only a retraining that waits for approval can be decided; this one is {retraining.get_state_display()}.",
            field="state",
        )


def _held(retraining: Retraining) -> Retraining:
    row = locked(retraining.pk, skip=False)
    if row is None:
        raise Conflict("The retraining has ended already.", field="state")
    return row
