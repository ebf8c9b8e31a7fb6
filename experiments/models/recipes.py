"""Saved recipes: a name in a team, and immutable versions of its steps."""

from django.conf import settings
from django.db import models


class Recipe(models.Model):
    """A named way to prepare the columns of a problem; its contents are its versions."""

    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="recipes")
    problem = models.ForeignKey("experiments.Problem", on_delete=models.CASCADE, related_name="recipes")
    name = models.CharField(max_length=200)
    last_number = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "name"], name="recipe_name_once_per_team")]

    def __str__(self) -> str:
        return self.name


class RecipeVersion(models.Model):
    """The steps as `mlregistry.ml.steps.parsing` stores them."""

    recipe = models.ForeignKey(Recipe, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    steps = models.JSONField()
    note = models.TextField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recipe", "number"], name="recipe_version_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.recipe} v{self.number}"
