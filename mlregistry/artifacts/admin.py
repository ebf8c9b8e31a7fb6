"""The operator's view of the stored files: to look at, never to change."""

from django.contrib import admin

from mlregistry.admin_lists import RecentValues
from mlregistry.look_only import LookOnly

from .models import StoredFile


@admin.register(StoredFile)
class StoredFileAdmin(LookOnly):
    list_display = ("key", "team", "size", "content_type", "created_at")
    list_filter = ("team", ("content_type", RecentValues), "created_at")
    list_select_related = ("team",)
    search_fields = ("key__exact", "sha256__exact")
    search_help_text = "A whole key, or a whole SHA-256."
    ordering = ("-pk",)
