"""REST: what I watch, and how I want to be told."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.discussions.actions import tellings
from mlregistry.discussions.actions.watches import set_watching
from mlregistry.discussions.api.comments import HANDLE, KIND, PARAMETERS, named
from mlregistry.discussions.models import Manner, Telling
from mlregistry.discussions.nouns import Thing, thing
from mlregistry.discussions.queries.watches import watched, watching
from mlregistry.rest import TeamView, valid


class ThingWatchIn(serializers.Serializer[Any]):
    kind = serializers.CharField(max_length=20, help_text=KIND)
    thing = serializers.CharField(max_length=300, help_text=HANDLE)
    watching = serializers.BooleanField()


class ThingWatchOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    thing = serializers.CharField()
    name = serializers.CharField()
    watching = serializers.BooleanField()
    n_watchers = serializers.IntegerField(required=False)


class WatchedOut(serializers.Serializer[Any]):
    results = ThingWatchOut(many=True)


class TellingOut(serializers.ModelSerializer[Telling]):
    class Meta:
        model = Telling
        fields = ["mentions", "watched", "digest_at"]
        read_only_fields = ["digest_at"]


class TellingChange(serializers.Serializer[Any]):
    mentions = serializers.ChoiceField(choices=Manner.choices, required=False)
    watched = serializers.ChoiceField(choices=Manner.choices, required=False)


class Watches(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.VIEWER}

    @extend_schema(operation_id="watches_list", responses=WatchedOut)
    def get(self, request: Request) -> Response:
        """What the caller watches here, the newest 200; what they made is watched without being in the list."""
        return Response({"results": [_of(about, is_on=True) for _, about in watched(self.actor)]})

    @extend_schema(operation_id="watches_set", request=ThingWatchIn, responses=ThingWatchOut)
    def post(self, request: Request) -> Response:
        """Watch a thing, or stop watching it."""
        wanted = valid(ThingWatchIn, request)
        about = thing(self.actor, wanted["kind"], wanted["thing"])
        set_watching(about, wanted["watching"], by=self.actor)
        return Response({**_of(about, wanted["watching"]), "n_watchers": watching(about, self.actor).n})


class OneWatch(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(operation_id="watches_get", parameters=PARAMETERS, responses=ThingWatchOut)
    def get(self, request: Request) -> Response:
        """Whether the caller watches one thing, and how many do."""
        about = thing(self.actor, named(request, "kind"), named(request, "thing"))
        found = watching(about, self.actor)
        return Response({**_of(about, found.mine), "n_watchers": found.n})


class NoticeSettings(TeamView):
    roles = {"get": Role.VIEWER, "patch": Role.VIEWER}

    @extend_schema(operation_id="notice_settings_get", responses=TellingOut)
    def get(self, request: Request) -> Response:
        """How the caller is told of mentions and of what they watch, in all teams."""
        return Response(TellingOut(tellings.chosen(self.actor)).data)

    @extend_schema(operation_id="notice_settings_update", request=TellingChange, responses=TellingOut)
    def patch(self, request: Request) -> Response:
        """inbox, email (at once), digest (once a day) or off."""
        return Response(TellingOut(tellings.choose(**valid(TellingChange, request), by=self.actor)).data)


def _of(about: Thing, is_on: bool) -> dict[str, Any]:
    return {"kind": about.kind, "thing": about.handle, "name": about.name, "watching": is_on}
