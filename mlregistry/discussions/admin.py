"""Comments, watches and write-ups in the admin, to look at."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from mlregistry.discussions.actions import comments as actions
from mlregistry.discussions.models import Comment, Telling, Watch, WriteUp, WriteUpVersion
from mlregistry.look_only import LookOnly, LookOnlyInline


@admin.register(Comment)
class CommentAdmin(LookOnly):
    list_display = ["id", "team", "kind", "author", "created_at", "deleted_at"]
    list_filter = ["kind", "team"]
    search_fields = ["text"]
    list_select_related = ["team", "author"]
    raw_id_fields = ["parent"]
    date_hierarchy = "created_at"
    actions = ["delete_comments"]

    @admin.action(description="Delete; can be undone for a day", permissions=["operate"])
    def delete_comments(self, request: HttpRequest, rows: QuerySet[Comment]) -> None:
        for comment in rows.select_related("team"):
            self.act_on(request, comment, comment.team, actions.delete_comment)


@admin.register(Watch)
class WatchAdmin(LookOnly):
    list_display = ["user", "team", "kind", "key", "is_on", "at"]
    list_filter = ["kind", "is_on", "team"]
    list_select_related = ["user", "team"]


@admin.register(Telling)
class TellingAdmin(LookOnly):
    list_display = ["user", "mentions", "watched", "digest_at"]
    list_select_related = ["user"]


class VersionInline(LookOnlyInline):
    model = WriteUpVersion
    fields = ["number", "title", "author", "at"]


@admin.register(WriteUp)
class WriteUpAdmin(LookOnly):
    list_display = ["title", "team", "last_number", "created_by", "updated_at", "deleted_at"]
    list_filter = ["team"]
    search_fields = ["title"]
    list_select_related = ["team", "created_by"]
    inlines = [VersionInline]
