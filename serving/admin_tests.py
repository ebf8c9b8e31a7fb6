"""Tests of endpoints in the admin: A/B tests, canaries and bandits with their steps, shadows, load tests."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from mlregistry.look_only import LookOnly, LookOnlyInline
from serving.actions import abtests, load_tests, shadows
from serving.models import AbTest, AbTestLook, AbTestStep, LoadTest, Shadow, ShadowAnswer


class Steps(LookOnlyInline):
    model = AbTestStep
    fields = ["number", "weights", "reason", "split_p", "started_at"]


@admin.register(AbTest)
class AbTestAdmin(LookOnly):
    list_display = ["name", "endpoint", "mode", "state", "metric", "created_by", "started_at", "ended_at"]
    list_filter = ["mode", "state", "endpoint__team"]
    search_fields = ["name", "endpoint__name"]
    list_select_related = ["endpoint", "created_by"]
    date_hierarchy = "started_at"
    inlines = [Steps]
    actions = ["stop_tests"]

    @admin.action(description="Stop them, the weights as they are", permissions=["operate"])
    def stop_tests(self, request: HttpRequest, rows: QuerySet[AbTest]) -> None:
        for test in rows.select_related("endpoint__team"):
            self.act_on(request, test, test.endpoint.team, abtests.stop_test)


@admin.register(AbTestLook)
class AbTestLookAdmin(LookOnly):
    list_display = ["test", "at"]
    list_filter = ["test__mode", "test__endpoint__team"]
    search_fields = ["test__name"]
    list_select_related = ["test"]
    show_full_result_count = False


@admin.register(Shadow)
class ShadowAdmin(LookOnly):
    list_display = ["name", "endpoint", "version", "since", "scored_until", "created_by"]
    list_filter = ["endpoint__team"]
    search_fields = ["name", "endpoint__name"]
    list_select_related = ["endpoint", "version__model", "created_by"]
    actions = ["remove_shadows"]

    @admin.action(description="Remove them with what they would have answered", permissions=["operate"])
    def remove_shadows(self, request: HttpRequest, rows: QuerySet[Shadow]) -> None:
        for shadow in rows.select_related("endpoint__team"):
            self.act_on(request, shadow, shadow.endpoint.team, shadows.remove_shadow)


@admin.register(ShadowAnswer)
class ShadowAnswerAdmin(LookOnly):
    list_display = ["request_id", "row", "shadow"]
    list_filter = ["shadow"]
    search_fields = ["request_id"]
    list_select_related = ["shadow__endpoint"]
    show_full_result_count = False


@admin.register(LoadTest)
class LoadTestAdmin(LookOnly):
    list_display = ["__str__", "version", "state", "verdict", "created_by", "created_at", "ended_at"]
    list_filter = ["verdict", "endpoint__team", "created_at"]
    search_fields = ["endpoint__name", "version__model__name", "error"]
    list_select_related = ["endpoint", "version__model", "job", "created_by"]
    date_hierarchy = "created_at"
    exclude = ["histogram"]
    actions = ["cancel_load_tests"]

    @admin.action(description="Cancel them", permissions=["operate"])
    def cancel_load_tests(self, request: HttpRequest, rows: QuerySet[LoadTest]) -> None:
        for test in rows.select_related("endpoint__team", "job"):
            self.act_on(request, test, test.endpoint.team, load_tests.cancel_load_test)
