"""Models from outside in the admin: what was taken in, who approved it and why; compiled forms; what cards say.

An owner approves on the version's page, with a reason; here a check is run again.
"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from mlregistry.look_only import LookOnly
from models_app.actions import compilations, intakes
from models_app.models import CardText, Compilation, Intake


@admin.register(Intake)
class IntakeAdmin(LookOnly):
    list_display = [
        "version",
        "state",
        "format",
        "file_name",
        "decided_by",
        "decided_at",
        "is_approved",
        "updated_at",
    ]
    list_filter = ["state", "format", "is_approved", "version__model__team"]
    search_fields = ["version__model__name", "file_name", "problem", "file__sha256"]
    list_select_related = ["version__model", "decided_by"]
    date_hierarchy = "created_at"
    actions = ["check_again"]

    @admin.action(description="Check them again in the jail", permissions=["operate"])
    def check_again(self, request: HttpRequest, rows: QuerySet[Intake]) -> None:
        for intake in rows.select_related("version__model__team"):
            self.act_on(request, intake.version, intake.version.model.team, intakes.check_again)


@admin.register(Compilation)
class CompilationAdmin(LookOnly):
    list_display = ["version", "file", "n_rescored", "n_mismatches", "updated_at"]
    list_filter = ["version__model__team", "updated_at"]
    search_fields = ["version__model__name"]
    list_select_related = ["version__model", "file"]
    actions = ["compile_again", "serve_native"]

    @admin.action(description="Compile them again", permissions=["operate"])
    def compile_again(self, request: HttpRequest, rows: QuerySet[Compilation]) -> None:
        self._each(request, rows, compilations.request_compilation)

    @admin.action(description="Serve their native models", permissions=["operate"])
    def serve_native(self, request: HttpRequest, rows: QuerySet[Compilation]) -> None:
        self._each(request, rows, compilations.drop_compilation)

    def _each(self, request: HttpRequest, rows: QuerySet[Compilation], action: Any) -> None:
        for row in rows.select_related("version__model__team"):
            self.act_on(request, row.version, row.version.model.team, action)


@admin.register(CardText)
class CardTextAdmin(LookOnly):
    list_display = ["version", "updated_by", "updated_at"]
    list_filter = ["version__model__team", "updated_at"]
    search_fields = ["version__model__name", "intended_use", "limits"]
    list_select_related = ["version__model", "updated_by"]
