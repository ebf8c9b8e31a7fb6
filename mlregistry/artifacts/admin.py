"""The operator's view of the stored files: to look at, never to change."""

from django.contrib import admin
from django.http import HttpRequest

from .models import StoredFile


@admin.register(StoredFile)
class StoredFileAdmin(admin.ModelAdmin[StoredFile]):
    list_display = ("key", "team", "size", "content_type", "created_at")
    list_filter = ("team", "content_type", "created_at")
    list_select_related = ("team",)
    search_fields = ("key", "sha256")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: StoredFile | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: StoredFile | None = None) -> bool:
        return False
