"""Model tests and gates in the admin: runs with their results, each model's policy, aliases that wait."""

from django.contrib import admin

from mlregistry.look_only import LookOnly, LookOnlyInline
from models_app.models import AwaitedAlias, LoadVerdict, ModelGate, ModelTestResult, ModelTestRun


class Results(LookOnlyInline):
    model = ModelTestResult
    fields = ["title", "severity", "outcome", "figure", "side", "bound", "sentence", "seconds"]
    ordering = ["place"]


@admin.register(ModelTestRun)
class ModelTestRunAdmin(LookOnly):
    list_display = ["version", "words", "champion", "seconds", "created_by", "created_at", "finished_at"]
    list_filter = ["verdict", "version__model__team", "created_at"]
    search_fields = ["version__model__name"]
    list_select_related = ["version__model", "champion__model", "job", "created_by"]
    date_hierarchy = "created_at"
    inlines = [Results]


@admin.register(ModelGate)
class ModelGateAdmin(LookOnly):
    list_display = ["model", "aliases", "strict", "updated_by", "updated_at"]
    list_filter = ["strict", "model__team"]
    search_fields = ["model__name"]
    list_select_related = ["model", "updated_by"]


@admin.register(LoadVerdict)
class LoadVerdictAdmin(LookOnly):
    list_display = ["version", "is_passed", "endpoint_name", "load_test_id", "at"]
    list_filter = ["is_passed", "version__model__team"]
    search_fields = ["version__model__name", "endpoint_name"]
    list_select_related = ["version__model"]


@admin.register(AwaitedAlias)
class AwaitedAliasAdmin(LookOnly):
    list_display = ["name", "version", "asked_by", "created_at"]
    list_filter = ["model__team", "name"]
    search_fields = ["name", "model__name"]
    list_select_related = ["version__model", "asked_by"]
