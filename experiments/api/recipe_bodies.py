"""The bodies of the recipes' REST addresses."""

from typing import Any

from rest_framework import serializers

from experiments.models import Recipe, RecipeVersion


class StepsIn(serializers.Serializer[Any]):
    steps = serializers.JSONField(help_text="a list of steps; GET recipes/schema describes it")


class CheckedSteps(serializers.Serializer[Any]):
    steps = serializers.ListField(child=serializers.DictField())


class PlaceIn(serializers.Serializer[Any]):
    problem = serializers.IntegerField()
    dataset_version = serializers.IntegerField()


class PreviewIn(PlaceIn):
    steps = serializers.JSONField()


class PythonIn(serializers.Serializer[Any]):
    problem = serializers.IntegerField()
    steps = serializers.JSONField()


class SuggestionOut(serializers.Serializer[Any]):
    steps = serializers.ListField(child=serializers.DictField())
    reasons = serializers.ListField(child=serializers.CharField(), help_text="one per step")


class PreviewOut(serializers.Serializer[Any]):
    steps = serializers.ListField(child=serializers.DictField(), help_text="ends at a step with an error")


class RecipeIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200)
    problem = serializers.IntegerField()
    steps = serializers.JSONField()
    note = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)


class RecipeVersionIn(serializers.Serializer[Any]):
    steps = serializers.JSONField()
    note = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)


class RecipeOut(serializers.ModelSerializer[Recipe]):
    class Meta:
        model = Recipe
        fields = ("id", "name", "problem", "last_number", "created_at")


class RecipeVersionOut(serializers.ModelSerializer[RecipeVersion]):
    name = serializers.CharField(source="recipe.name")
    problem = serializers.IntegerField(source="recipe.problem_id")

    class Meta:
        model = RecipeVersion
        fields = ("recipe", "number", "name", "problem", "steps", "note", "created_at")
