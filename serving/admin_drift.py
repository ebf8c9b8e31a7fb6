"""Drift of endpoints in the admin: baselines of versions, what is declared, checks."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from mlregistry.accounts.actor import Actor
from mlregistry.look_only import LookOnly
from models_app.models import ModelVersion
from serving.actions import drift_baselines
from serving.models import DriftBaseline, DriftCheck, DriftWatch


@admin.register(DriftBaseline)
class DriftBaselineAdmin(LookOnly):
    list_display = ["version", "state", "n_rows", "dataset_version", "made_at", "error"]
    list_filter = ["state", "version__model__team"]
    search_fields = ["version__model__name"]
    list_select_related = ["version__model", "dataset_version__dataset"]
    exclude = ["document", "counters"]
    actions = ["ask_again"]

    @admin.action(description="Make those that failed once more", permissions=["operate"])
    def ask_again(self, request: HttpRequest, rows: QuerySet[DriftBaseline]) -> None:
        for row in rows.select_related("version__model__team"):
            self.act_on(request, row.version, row.version.model.team, _again)


@admin.register(DriftWatch)
class DriftWatchAdmin(LookOnly):
    list_display = ["endpoint", "enabled", "window_hours", "every_minutes", "next_at"]
    list_filter = ["enabled", "endpoint__team"]
    search_fields = ["endpoint__name"]
    list_select_related = ["endpoint"]


@admin.register(DriftCheck)
class DriftCheckAdmin(LookOnly):
    list_display = ["endpoint", "version", "at", "verdict", "n_rows", "n_drifted", "n_compared", "error"]
    list_filter = ["verdict", "endpoint__team"]
    search_fields = ["endpoint__name", "version__model__name"]
    list_select_related = ["endpoint", "version__model"]
    date_hierarchy = "at"
    show_full_result_count = False


def _again(version: ModelVersion, *, by: Actor) -> None:
    drift_baselines.ask_again(version, by=by)
