"""Save recipes of steps as versions, and delete them. Called by every door."""

from typing import Any

from django.db import transaction

from experiments.models import Problem, Recipe, RecipeVersion
from mlregistry.accounts import audit
from mlregistry.accounts.actions import deletions
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import KeptDeletion, Role
from mlregistry.errors import Invalid
from mlregistry.lib.names import clean_name, clean_text
from mlregistry.ml.steps import parsing

from .conflicts import unique

LONGEST_NOTE = 5_000


def create_recipe(name: str, *, problem: Problem, steps: Any, note: str = "", by: Actor) -> RecipeVersion:
    """A recipe of the problem with its first version."""
    by.require(Role.EDITOR)
    if problem.team_id != by.team.pk:
        raise Invalid(f"There is no such problem in {by.team.name}.", field="problem")
    recipe = Recipe(team=by.team, problem=problem, name=clean_name(name), created_by=by.user)
    with unique(f"There is a recipe named {recipe.name!r} already."):
        recipe.save()
        version = _add(recipe, steps, note, by)
        audit.record(by, "recipe.create", recipe, problem=problem.pk)
    return version


def add_version(recipe: Recipe, *, steps: Any, note: str = "", by: Actor) -> RecipeVersion:
    """One more version; the newest one again when nothing has changed."""
    by.require(Role.EDITOR)
    with unique("Somebody saved a version at the same moment; try again."):
        locked = Recipe.objects.select_for_update().get(pk=recipe.pk)
        newest = locked.versions.filter(number=locked.last_number).first()
        if newest is not None and newest.steps == _checked(steps):
            return newest
        version = _add(locked, steps, note, by)
        audit.record(by, "recipe.add_version", locked, number=version.number)
    recipe.last_number = locked.last_number
    return version


def delete_recipe(recipe: Recipe, *, by: Actor) -> KeptDeletion | None:
    """With its versions; runs that were trained by it keep their steps."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        audit.record(by, "recipe.delete", recipe)
        return deletions.delete(recipe, "recipe", by=by)


def _checked(steps: Any) -> list[dict[str, Any]]:
    parsed = parsing.parse(steps)
    if not parsed:
        raise Invalid("A recipe has at least one step.", field="steps")
    return [step.to_json() for step in parsed]


def _add(recipe: Recipe, steps: Any, note: str, by: Actor) -> RecipeVersion:
    recipe.last_number += 1
    recipe.save(update_fields=["last_number"])
    return RecipeVersion.objects.create(
        recipe=recipe,
        number=recipe.last_number,
        steps=_checked(steps),
        note=clean_text(note, field="note", max_length=LONGEST_NOTE),
        created_by=by.user,
    )
