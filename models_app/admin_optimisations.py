"""Optimisations in the admin: what was asked of versions, and what each method came to."""

from django.contrib import admin

from mlregistry.look_only import LookOnly, LookOnlyInline
from models_app.models import Optimisation, OptimisedCandidate


class Candidates(LookOnlyInline):
    model = OptimisedCandidate
    fields = ["title", "method", "outcome", "reason", "changes", "run", "version"]
    ordering = ["place"]


@admin.register(Optimisation)
class OptimisationAdmin(LookOnly):
    list_display = ["version", "state", "metric", "n_test", "created_by", "created_at", "finished_at"]
    list_filter = ["version__model__team", "created_at"]
    search_fields = ["version__model__name"]
    list_select_related = ["version__model", "job", "created_by"]
    date_hierarchy = "created_at"
    inlines = [Candidates]
