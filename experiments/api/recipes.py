"""REST: recipes of steps: their schema, check, suggestion, preview and Python; saved ones with versions."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from experiments import access
from experiments.actions import recipes as actions
from experiments.models import DatasetVersion, Problem
from experiments.queries import recipes as queries
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.ml.steps import parsing
from mlregistry.rest import TeamView, body_of, listing
from mlregistry.rest_idempotency import idempotent

from .parsing import filtered, parameters, parsed
from .recipe_bodies import (
    CheckedSteps,
    PlaceIn,
    PreviewIn,
    PreviewOut,
    PythonIn,
    RecipeIn,
    RecipeOut,
    RecipeVersionIn,
    RecipeVersionOut,
    StepsIn,
    SuggestionOut,
)

FILTERS = {"name": "name__icontains", "problem": "problem_id"}
ORDERING = ("-created_at", "name")
PYTHON = {(200, "text/x-python"): OpenApiTypes.STR}


class RecipeSchema(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """The JSON Schema of a list of steps."""
        return Response(parsing.schema())


class ValidateRecipe(TeamView):
    roles = {"post": Role.VIEWER}

    @extend_schema(request=StepsIn, responses=CheckedSteps)
    def post(self, request: Request) -> Response:
        """The steps with every option filled in; an error names the path, such as steps.2.method."""
        steps = parsing.parse(parsed(StepsIn, body_of(request))["steps"])
        return Response({"steps": [step.to_json() for step in steps]})


class SuggestRecipe(TeamView):
    roles = {"post": Role.VIEWER}

    @extend_schema(request=PlaceIn, responses=SuggestionOut)
    def post(self, request: Request) -> Response:
        """Sensible steps for a problem on a dataset version, with a reason for each."""
        problem, version = _place(self.actor, parsed(PlaceIn, body_of(request)))
        return Response(queries.suggest(problem, version).to_json())


class PreviewRecipe(TeamView):
    roles = {"post": Role.VIEWER}

    @extend_schema(request=PreviewIn, responses=PreviewOut)
    def post(self, request: Request) -> Response:
        """What each step does to a sample: before, after, which columns came from where."""
        wanted = parsed(PreviewIn, body_of(request))
        steps = parsing.parse(wanted["steps"])
        problem, version = _place(self.actor, wanted)
        return Response({"steps": [one.to_json() for one in queries.preview(problem, version, steps)]})


class RecipePython(TeamView):
    roles = {"post": Role.VIEWER}

    @extend_schema(request=PythonIn, responses=PYTHON)
    def post(self, request: Request) -> HttpResponse:
        """The steps as a Python file that stands alone."""
        wanted = parsed(PythonIn, body_of(request))
        steps = parsing.parse(wanted["steps"])
        return python_file(queries.python(access.problem(self.actor, wanted["problem"]), steps), "recipe.py")


class Recipes(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(parameters=parameters(FILTERS, ORDERING), responses=RecipeOut(many=True))
    def get(self, request: Request) -> Response:
        """The team's saved recipes."""
        rows = filtered(request, access.recipes(self.actor), FILTERS)
        return listing(request, rows, ordering=ORDERING, to_json=RecipeOut().to_representation)

    @extend_schema(request=RecipeIn, responses={201: RecipeVersionOut})
    @idempotent()
    def post(self, request: Request) -> Response:
        """Save a recipe as its first version."""
        wanted = parsed(RecipeIn, body_of(request))
        wanted["problem"] = access.problem(self.actor, wanted["problem"])
        return Response(RecipeVersionOut(actions.create_recipe(**wanted, by=self.actor)).data, status=201)


class OneRecipe(TeamView):
    roles = {"get": Role.VIEWER, "delete": Role.EDITOR}

    @extend_schema(responses=RecipeOut)
    def get(self, request: Request, recipe_id: int) -> Response:
        """One recipe."""
        return Response(RecipeOut(access.recipe(self.actor, recipe_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, recipe_id: int) -> Response:
        """Delete a recipe with its versions."""
        actions.delete_recipe(access.recipe(self.actor, recipe_id), by=self.actor)
        return Response(status=204)


class RecipeVersions(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.EDITOR}

    @extend_schema(responses=RecipeVersionOut(many=True))
    def get(self, request: Request, recipe_id: int) -> Response:
        """The recipe's versions, newest first."""
        rows = access.recipe_versions(self.actor, access.recipe(self.actor, recipe_id).pk)
        return listing(request, rows, ordering=("-number",), to_json=RecipeVersionOut().to_representation)

    @extend_schema(request=RecipeVersionIn, responses={201: RecipeVersionOut})
    @idempotent()
    def post(self, request: Request, recipe_id: int) -> Response:
        """Save one more version."""
        recipe = access.recipe(self.actor, recipe_id)
        version = actions.add_version(recipe, **parsed(RecipeVersionIn, body_of(request)), by=self.actor)
        return Response(RecipeVersionOut(version).data, status=201)


class OneRecipeVersion(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(responses=RecipeVersionOut)
    def get(self, request: Request, recipe_id: int, number: int) -> Response:
        """One version with its steps."""
        return Response(RecipeVersionOut(access.recipe_version(self.actor, recipe_id, number)).data)


class RecipeVersionPython(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(responses=PYTHON)
    def get(self, request: Request, recipe_id: int, number: int) -> HttpResponse:
        """One version as a Python file that stands alone."""
        version = access.recipe_version(self.actor, recipe_id, number)
        text = queries.python(version.recipe.problem, parsing.parse(version.steps))
        return python_file(text, f"recipe-{version.recipe_id}-v{version.number}.py")


def python_file(text: str, name: str) -> HttpResponse:
    """A download; `name` is ours."""
    answer = HttpResponse(text, content_type="text/x-python; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _place(by: Actor, wanted: dict[str, Any]) -> tuple[Problem, DatasetVersion]:
    return access.problem(by, wanted["problem"]), access.dataset_version_by_id(by, wanted["dataset_version"])
