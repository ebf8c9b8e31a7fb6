"""Rules about runs in the admin."""

from django.contrib import admin

from experiments.models import RunRule
from mlregistry.look_only import LookOnly


@admin.register(RunRule)
class RunRuleAdmin(LookOnly):
    list_display = [
        "name",
        "team",
        "event",
        "experiment",
        "metric",
        "comparison",
        "threshold",
        "is_active",
        "told_at",
    ]
    list_filter = ["event", "is_active", "team"]
    search_fields = ["name", "metric"]
    list_select_related = ["team", "experiment"]
