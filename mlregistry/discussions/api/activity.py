"""REST: what happened in the team, or to one thing."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.discussions.activity_words import GROUPS
from mlregistry.discussions.queries import activity as queries
from mlregistry.errors import Invalid
from mlregistry.rest import TeamView

FILTERS = ("person", "group", "kind", "thing")
PARAMETERS = [
    OpenApiParameter("person", str, description="A username."),
    OpenApiParameter("group", str, enum=list(GROUPS)),
    OpenApiParameter("kind", str, description="Of the thing."),
    OpenApiParameter("thing", str, description="Its handle, with kind."),
    OpenApiParameter("older", str, description="From the page before."),
    OpenApiParameter("page_size", int, description=f"1 to {queries.MOST}."),
]


class ActivityLineOut(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    who = serializers.CharField()
    action = serializers.CharField()
    text = serializers.CharField(help_text="What stands between who and name, or behind the name.")
    kind = serializers.CharField()
    thing = serializers.CharField(allow_null=True, help_text="Its handle; null once it is gone.")
    name = serializers.CharField()
    comment = serializers.CharField(help_text="The beginning of the comment, if it is about one.")


class ActivityOut(serializers.Serializer[Any]):
    results = ActivityLineOut(many=True)
    older = serializers.CharField(help_text="Asks for the next page; empty on the last.")


class Activity(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="activity_list", parameters=PARAMETERS, responses=ActivityOut)
    def get(self, request: Request) -> Response:
        """The newest first. Accounts, tokens and settings are no news: those are in the audit trail."""
        sent = request.query_params
        wanted = {name: sent.get(name, "") for name in FILTERS}
        found = queries.feed(
            self.actor, wanted, older=sent.get("older", ""), limit=_size(sent.get("page_size"))
        )
        return Response({"results": [_line(line) for line in found.lines], "older": found.older})


def _line(line: queries.Line) -> dict[str, Any]:
    values = {
        "at": line.event.at, "who": line.who, "action": line.event.action, "text": line.verb, "kind": line.kind,
        "thing": line.thing.handle if line.thing else None, "name": line.name, "comment": line.quote,
    }  # fmt: skip
    return dict(ActivityLineOut(values).data)


def _size(text: str | None) -> int:
    if text is None:
        return queries.PAGE
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= queries.MOST):
        raise Invalid(f"page_size lies between 1 and {queries.MOST}.", field="page_size")
    return int(text[:6])
