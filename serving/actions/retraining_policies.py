"""The retraining policy of an endpoint: declare, adopt a recipe, delete. Called by doors and proposals of recipes."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from mlregistry.accounts.actions import deletions
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import KeptDeletion, Role
from mlregistry.errors import Conflict, Invalid
from mlregistry.lib.names import clean_text
from mlregistry.notices.actions.choosing import usable
from mlregistry.notices.models import Channel
from serving.actions.retraining_declarations import Declaration, checked, checked_recipe, plain
from serving.models import Endpoint, Retraining, RetrainingPolicy

LONGEST_WHY = 2_000


def declare_policy(
    endpoint: Endpoint,
    wanted: Declaration,
    *,
    channels: Iterable[Channel] | None = None,
    now: datetime | None = None,
    by: Actor,
) -> RetrainingPolicy:
    """Takes the place of what was declared; the next look is at once and by it. Without `channels` a new policy speaks
    through the members' inboxes, and one that is changed as before."""
    by.require(Role.EDITOR)
    wanted, now = checked(endpoint, wanted), now or timezone.now()
    values = {**plain(wanted), "look_at": now, "note": "", "readings": []}
    with transaction.atomic():
        Endpoint.objects.select_for_update(of=("self",)).get(pk=endpoint.pk)
        former = RetrainingPolicy.objects.filter(endpoint=endpoint).first()
        if former is None or former.recipe != wanted.recipe:
            values["recipe_why"] = ""
        policy, is_new = RetrainingPolicy.objects.update_or_create(
            endpoint=endpoint, defaults=values,
            create_defaults={**values, "declared_at": now, "created_by": by.user},
        )  # fmt: skip
        if channels is not None or is_new:
            policy.channels.set(usable(by, channels, who="A policy"))
        record(by, "retraining.declare", endpoint, **plain(wanted))
    return policy


def adopt_recipe(
    policy: RetrainingPolicy, recipe: Mapping[str, Any] | None, *, why: str, by: Actor
) -> RetrainingPolicy:
    """The next retraining trains this recipe (None: the champion's own again); one under way goes on with its own."""
    by.require(Role.EDITOR)
    why = clean_text(why, field="why")
    if not why or len(why) > LONGEST_WHY:
        raise Invalid(f"Say in at most {LONGEST_WHY:,} characters why.", field="why")
    with transaction.atomic():
        rows = RetrainingPolicy.objects.select_for_update(of=("self",)).select_related("endpoint__problem")
        policy = rows.get(pk=policy.pk)
        if policy.endpoint.problem is None:
            raise Conflict(f"“{policy.endpoint.name}” belongs to no problem any more.", field="recipe")
        policy.recipe = checked_recipe(recipe, policy.endpoint.problem.kind)
        policy.recipe_why = why
        policy.save(update_fields=["recipe", "recipe_why"])
        record(by, "retraining.adopt_recipe", policy.endpoint, recipe=policy.recipe, why=why)
    return policy


def delete_policy(policy: RetrainingPolicy, *, by: Actor) -> KeptDeletion | None:
    """The retrainings of the past stay. Conflict while one is under way."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        if Retraining.objects.filter(endpoint=policy.endpoint, ended_at=None).exists():
            raise Conflict("A retraining is under way; stop it first.", field="policy")
        record(by, "retraining.forget", policy.endpoint)
        name = f"of {policy.endpoint.name}"
        return deletions.delete(policy, "retraining policy", name=name, by=by)
