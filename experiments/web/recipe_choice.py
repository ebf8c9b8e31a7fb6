"""The choice of a recipe in a form: as suggested, or a saved one. The pages to train and to select features have it."""

from typing import Any

from experiments import access
from experiments.models import DatasetVersion, Problem
from experiments.queries import recipes as queries
from mlregistry.errors import Invalid
from mlregistry.ui.page import PageRequest, whole

SUGGESTED = "suggested"
MOST_SAVED = 50
NEWEST = 3


def ways(request: PageRequest, problem: Problem, without: str) -> list[tuple[str, str]]:
    """The choices; `without` says how the columns are prepared when none is made."""
    saved = access.recipes(request.actor).filter(problem=problem).order_by("name")[:MOST_SAVED]
    return [("", without), (SUGGESTED, "As suggested for the table")] + [
        (f"{recipe.pk}.{number}", f"{recipe.name} v{number}")
        for recipe in saved
        for number in range(recipe.last_number, max(0, recipe.last_number - NEWEST), -1)
    ]


def steps(request: PageRequest, problem: Problem, version: DatasetVersion) -> Any:
    """The chosen recipe's steps; None without a choice."""
    way = request.POST.get("recipe", "")
    if not way:
        return None
    if way == SUGGESTED:
        return [step.to_json() for step in queries.suggest(problem, version).steps]
    recipe_id, _, number = way.partition(".")
    saved = access.recipe_version(request.actor, whole(recipe_id, "recipe"), whole(number, "recipe"))
    if saved.recipe.problem_id != problem.pk:
        raise Invalid("The recipe is of another problem.", field="recipe")
    return saved.steps
