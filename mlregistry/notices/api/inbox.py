"""REST: the caller's own inbox in this team."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.notices import access
from mlregistry.notices.actions import inbox as actions
from mlregistry.notices.models import InboxEntry
from mlregistry.rest import TeamView, listing


class InboxEntryOut(serializers.ModelSerializer[InboxEntry]):
    kind = serializers.CharField(source="notice.kind")
    severity = serializers.CharField(source="notice.severity")
    title = serializers.CharField(source="notice.title")
    text = serializers.CharField(source="notice.text")
    link = serializers.CharField(source="notice.link", help_text="A path on this server.")

    class Meta:
        model = InboxEntry
        fields = ["id", "kind", "severity", "title", "text", "link", "at", "read_at"]


class ReadOut(serializers.Serializer[Any]):
    n_read = serializers.IntegerField()


class Inbox(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="inbox_list", responses=InboxEntryOut(many=True))
    def get(self, request: Request) -> Response:
        """The newest first; `read_at` is null while unread."""
        return listing(
            request,
            access.inbox(self.actor),
            ordering=("-at", "at"),
            to_json=InboxEntryOut().to_representation,
        )


class Read(TeamView):
    roles = {"post": Role.VIEWER}

    @extend_schema(operation_id="inbox_read", request=None, responses=InboxEntryOut)
    def post(self, request: Request, entry_id: int) -> Response:
        """Marks it as read."""
        entry = actions.mark_read(access.inbox_entry(self.actor, entry_id), by=self.actor)
        return Response(InboxEntryOut(entry).data)


class ReadAll(TeamView):
    roles = {"post": Role.VIEWER}

    @extend_schema(operation_id="inbox_read_all", request=None, responses=ReadOut)
    def post(self, request: Request) -> Response:
        """Marks all of one's own in this team as read."""
        return Response({"n_read": actions.mark_all_read(self.actor)})
