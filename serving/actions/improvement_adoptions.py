"""Which recipe the next retraining of an endpoint takes: adopt what a study found, or withdraw it. Called by doors."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from experiments.queries.provenance import spec_for
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, Invalid
from mlregistry.lib.lazily import lazily
from serving.actions.improvements import hold
from serving.models import Endpoint, Improvement
from serving.queries.improvements import trained_run

if TYPE_CHECKING:
    from mlregistry.ml import recipes
    from mlregistry.ml.improving import changes
else:
    changes, recipes = lazily("mlregistry.ml.improving.changes"), lazily("mlregistry.ml.recipes")

LONGEST_WHY = 1000


def adopt_improvement(
    row: Improvement, *, keys: Sequence[str] | None = None, why: str = "", by: Actor
) -> Improvement:
    """The winner becomes the recipe of the endpoint's next retraining, in place of one that was adopted before.

    With `keys` the recipe with these changes, whatever the study says of them.
    """
    by.require(Role.EDITOR)
    if row.result is None:
        raise Conflict("The study has no result yet.")
    recipe = row.result.get("recipe") if keys is None else _with_changes(row, keys)
    if not recipe:
        raise Conflict("There is nothing to adopt: the study has no winner.")
    if len(why) > LONGEST_WHY:
        raise Invalid(f"The reason has at most {LONGEST_WHY:,} characters.", field="why")
    with transaction.atomic():
        hold(row.endpoint)
        _let_go(row.endpoint)
        row.adopted_recipe, row.adopted_at, row.adopted_by, row.adopted_why = (
            recipe,
            timezone.now(),
            by.user,
            why,
        )
        row.save(update_fields=["adopted_recipe", "adopted_at", "adopted_by", "adopted_why"])
        record(
            by,
            "improvement.adopt",
            row.endpoint,
            improvement=row.pk,
            changes=list(keys or row.winner),
            why=why,
        )
    return row


def withdraw_improvement(row: Improvement, *, by: Actor) -> Improvement:
    """The next retraining takes the recipe of the version it replaces again; Conflict when this is not adopted."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        hold(row.endpoint)
        row.refresh_from_db(fields=["adopted_recipe"])
        if row.adopted_recipe is None:
            raise Conflict("The recipe of this study is not adopted.")
        _let_go(row.endpoint)
        row.adopted_recipe = None
        record(by, "improvement.withdraw", row.endpoint, improvement=row.pk)
    return row


def _with_changes(row: Improvement, keys: Sequence[str]) -> dict[str, Any]:
    found = [row.proposal(key) for key in dict.fromkeys(keys)]
    if not found or any(one is None for one in found):
        raise Invalid("Name changes that the study has tried, by their keys.", field="changes")
    spec = spec_for(trained_run(row.version))
    if spec is None:
        raise Conflict("The problem of the version is gone.")
    recipe = recipes.parse(row.recipe, kind=spec.kind)
    return changes.all_applied(recipe, [one["change"] for one in found if one], spec.kind).to_json()


def _let_go(endpoint: Endpoint) -> None:
    Improvement.objects.filter(endpoint=endpoint, adopted_recipe__isnull=False).update(
        adopted_recipe=None, adopted_at=None, adopted_by=None, adopted_why=""
    )
