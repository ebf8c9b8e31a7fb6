"""Notices in the admin, to look at: channels without their addresses and secrets, the delivery log, inboxes."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from mlregistry.look_only import LookOnly
from mlregistry.notices.actions import channels as actions
from mlregistry.notices.models import Channel, Delivery, InboxEntry, Notice


@admin.register(Channel)
class ChannelAdmin(LookOnly):
    list_display = ["name", "team", "kind", "host", "is_active", "created_by", "updated_at"]
    list_filter = ["kind", "is_active", "team"]
    search_fields = ["name", "host"]
    list_select_related = ["team", "created_by"]
    exclude = ["sealed_url", "sealed_secret", "sealed_former_secret"]
    actions = ["delete_channels"]

    @admin.action(description="Delete with their logs", permissions=["operate"])
    def delete_channels(self, request: HttpRequest, rows: QuerySet[Channel]) -> None:
        for channel in rows.select_related("team"):
            self.act_on(request, channel, channel.team, actions.delete_channel)


@admin.register(Delivery)
class DeliveryAdmin(LookOnly):
    list_display = [
        "notice",
        "channel",
        "state",
        "status_code",
        "attempts",
        "seconds",
        "created_at",
        "next_at",
    ]
    list_filter = ["state", "is_test", "channel__team"]
    search_fields = ["message_id", "notice__title"]
    list_select_related = ["channel", "notice"]
    date_hierarchy = "created_at"


@admin.register(Notice)
class NoticeAdmin(LookOnly):
    list_display = ["title", "team", "kind", "severity", "at"]
    list_filter = ["severity", "kind", "team"]
    search_fields = ["title"]
    list_select_related = ["team"]
    date_hierarchy = "at"


@admin.register(InboxEntry)
class InboxEntryAdmin(LookOnly):
    list_display = ["notice", "user", "team", "at", "read_at"]
    list_filter = ["team"]
    list_select_related = ["notice", "user", "team"]
