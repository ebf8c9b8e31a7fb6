"""Pages of recipes: the editor with its live preview, saving, the Python file."""

import json
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from experiments import access
from experiments.actions import recipes as actions
from experiments.models import DatasetVersion, Problem, RecipeVersion
from experiments.queries import recipes as queries
from experiments.queries.datasets import newest_versions
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.lib.formulas import FUNCTIONS
from mlregistry.ml.steps import parsing
from mlregistry.ml.steps.catalogue import KINDS
from mlregistry.ml.steps.parsing import Step
from mlregistry.ui.page import PageRequest, page, whole
from mlregistry.ui.undo import say_kept

from . import recipe_forms
from .recipe_forms import Draft

LONGEST_STEPS = 1_000_000


@require_http_methods(["GET", "POST"])
@page(role=Role.VIEWER)
def editor(request: PageRequest, problem_id: int) -> HttpResponse:
    return _editor(request, access.problem(request.actor, problem_id))


def _editor(request: PageRequest, problem: Problem) -> HttpResponse:
    versions = newest_versions(access.datasets(request.actor), problem)
    sent = request.POST.get("version") or request.GET.get("version", "")
    version = (
        access.dataset_version_by_id(request.actor, whole(sent, "version")) if sent else _first(versions)
    )
    saved = _saved(request, problem)
    context: dict[str, Any] = {"problem": problem, "versions": versions, "version": version, "saved": saved}
    if version is not None:
        draft, reasons = _draft(request, problem, version, saved)
        context |= _shown(problem, version, draft) | {"reasons": reasons, "added": _added(request, draft)}
    return render(
        request, "experiments/recipe_editor.html" if request.htmx else "experiments/recipe.html", context
    )


@require_POST
@page(role=Role.EDITOR, form=True)
def save(request: PageRequest, problem_id: int) -> HttpResponse:
    problem, form = access.problem(request.actor, problem_id), request.POST
    if request.form_error:
        return _editor(request, problem)
    steps = _steps(request)
    if form.get("recipe"):
        recipe = access.recipe(request.actor, whole(form.get("recipe"), "recipe"))
        version = actions.add_version(recipe, steps=steps, note=form.get("note", ""), by=request.actor)
    else:
        name = form.get("name", "")
        version = actions.create_recipe(
            name, problem=problem, steps=steps, note=form.get("note", ""), by=request.actor
        )
    messages.success(request, f"Saved as {version}.")
    address = reverse("experiments:recipe", args=[problem.pk])
    shown = f"&version={whole(form.get('version'), 'version')}" if form.get("version") else ""
    return redirect(f"{address}?recipe={version.recipe_id}&number={version.number}{shown}")


@require_POST
@page()
def python(request: PageRequest, problem_id: int) -> HttpResponse:
    problem = access.problem(request.actor, problem_id)
    text = queries.python(problem, parsing.parse(_steps(request)))
    answer = HttpResponse(text, content_type="text/x-python; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="recipe.py"'
    return answer


@require_POST
@page(role=Role.EDITOR)
def delete(request: PageRequest, recipe_id: int) -> HttpResponse:
    recipe = access.recipe(request.actor, recipe_id)
    kept = actions.delete_recipe(recipe, by=request.actor)
    say_kept(request, f"The recipe “{recipe.name}” is deleted.", kept)
    return redirect("experiments:problem", recipe.problem_id)


def _steps(request: PageRequest) -> Any:
    text = request.POST.get("steps", "")
    try:
        return json.loads(text[:LONGEST_STEPS])
    except (ValueError, RecursionError) as error:
        raise Invalid("The steps could not be read; try once more.", field="steps") from error


def _first(versions: Sequence[DatasetVersion]) -> DatasetVersion | None:
    return versions[0] if versions else None


def _saved(request: PageRequest, problem: Problem) -> RecipeVersion | None:
    sent = request.POST.get("recipe") or request.GET.get("recipe", "")
    if not sent:
        return None
    recipe = access.recipe(request.actor, whole(sent, "recipe"))
    if recipe.problem_id != problem.pk:
        raise Invalid("The recipe is of another problem.", field="recipe")
    number = whole(request.GET.get("number"), "number", default=recipe.last_number)
    return access.recipe_version(request.actor, recipe.pk, number)


def _draft(
    request: PageRequest, problem: Problem, version: DatasetVersion, saved: RecipeVersion | None
) -> tuple[Draft, list[str]]:
    """What was sent, or the saved steps, or the suggestion with its reasons."""
    if request.form_error:
        return _unsaved(request), []
    if request.method == "POST" and request.POST.get("do") != "suggest":
        return recipe_forms.read(request.POST), []
    if saved is not None and request.method != "POST":
        return saved.steps, []
    try:
        suggestion = queries.suggest(problem, version)
    except Invalid:
        return [], []
    return [step.to_json() for step in suggestion.steps], list(suggestion.reasons)


def _unsaved(request: PageRequest) -> Draft:
    """The steps that could not be saved, if they can be read at all."""
    try:
        return [step.to_json() for step in parsing.parse(_steps(request))]
    except Invalid:
        return []


def _added(request: PageRequest, draft: Draft) -> int | None:
    """The place of the step that was just added: the page goes there."""
    if request.POST.get("do") != "add" or not draft:
        return None
    return recipe_forms.new_place(draft[:-1], request.POST.get("at", ""))


def _shown(problem: Problem, version: DatasetVersion, draft: Draft) -> dict[str, Any]:
    """Cards of the steps, each with its preview, and what stands against the whole."""
    names = [column["name"] for column in version.columns if column["name"] != problem.target]
    steps, previews, error = _previewed(problem, version, draft)
    cards = recipe_forms.fields(draft, _known(draft, names, previews))
    for card in cards:
        card["wrong"] = (
            error.message if error and f"{error.field}.".startswith(f"steps.{card['place']}.") else ""
        )
    for card, preview in zip(cards, previews, strict=False):
        card["preview"] = preview
    rest = previews[len(draft)] if len(previews) > len(draft) else None
    groups: dict[str, list[Any]] = {}
    for kind in KINDS.values():
        groups.setdefault(kind.group, []).append(kind)
    return {
        "cards": cards, "error": error, "placed": any(card["wrong"] for card in cards), "rest": rest,
        "groups": groups, "functions": FUNCTIONS,
        "steps_json": json.dumps([step.to_json() for step in steps]) if steps and not error else "",
        "n_features": previews[-1].n_columns[1] if previews and not error and not previews[-1].error else None,
    }  # fmt: skip


def _previewed(
    problem: Problem, version: DatasetVersion, draft: Draft
) -> tuple[tuple[Step, ...], list[Any], Invalid | None]:
    """The steps, or those before the wrong one; their previews; what is wrong."""
    steps: tuple[Step, ...] = ()
    error: Invalid | None = None
    try:
        steps = parsing.parse(draft)
    except Invalid as found:
        error = found
        place = (found.field or "").split(".")[1:2]
        steps = parsing.parse(draft[: int(place[0])]) if place and place[0].isdecimal() else ()
    try:
        previews = queries.preview(problem, version, steps)
    except Invalid as found:
        return steps, [], error or found
    return steps, previews[: len(steps)] if error else previews, error


def _known(draft: Draft, names: list[str], previews: Sequence[Any]) -> list[list[str]]:
    """The columns that each step finds, as far as the preview got."""
    found, now = [], list(names)
    for place in range(len(draft)):
        found.append(now)
        if place < len(previews):
            shown = previews[place]
            now = [name for name in now if name not in shown.dropped]
            now = list(dict.fromkeys([*now, *(made.name for made in shown.made)]))
    return found
