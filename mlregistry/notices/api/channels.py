"""REST: channels of the team."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts.models import Role
from mlregistry.notices import access
from mlregistry.notices.actions import channels as actions
from mlregistry.notices.actions.delivering import send_test
from mlregistry.notices.api.deliveries import DeliveryOut
from mlregistry.notices.models import Channel, ChannelKind
from mlregistry.rest import TeamView, listing, valid
from mlregistry.rest_idempotency import idempotent


class Place(serializers.Serializer[Any]):
    url = serializers.CharField(
        max_length=2000, required=False, help_text="Of webhook and slack; never shown again."
    )
    emails = serializers.ListField(
        child=serializers.CharField(max_length=254),
        max_length=100,
        required=False,
        help_text="Of email: 1 to 20.",
    )


class ChannelIn(Place):
    name = serializers.CharField(max_length=100)
    kind = serializers.ChoiceField(choices=ChannelKind.choices)


class ChannelChange(Place):
    name = serializers.CharField(max_length=100, required=False)
    is_active = serializers.BooleanField(required=False)


class ChannelOut(serializers.ModelSerializer[Channel]):
    class Meta:
        model = Channel
        fields = [
            "id",
            "name",
            "kind",
            "host",
            "emails",
            "is_active",
            "former_until",
            "created_at",
            "updated_at",
        ]


class ChannelMade(ChannelOut):
    secret = serializers.CharField(help_text="Of a webhook; shown this once.", allow_null=True)

    class Meta(ChannelOut.Meta):
        fields = [*ChannelOut.Meta.fields, "secret"]


class Channels(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.OWNER}

    @extend_schema(operation_id="channels_list", responses=ChannelOut(many=True))
    def get(self, request: Request) -> Response:
        """The team's channels, without addresses and secrets."""
        return listing(
            request,
            access.channels(self.actor),
            ordering=("name", "-name", "created_at", "-created_at"),
            to_json=ChannelOut().to_representation,
        )

    @extend_schema(operation_id="channels_create", request=ChannelIn, responses={201: ChannelMade})
    @idempotent(hide=("secret",))
    def post(self, request: Request) -> Response:
        """A webhook's signing secret is in this answer and nowhere else."""
        made = actions.create_channel(**valid(ChannelIn, request), by=self.actor)
        return Response(made_json(made), status=201)


class OneChannel(TeamView):
    roles = {"get": Role.VIEWER, "patch": Role.OWNER, "delete": Role.OWNER}

    @extend_schema(operation_id="channels_read", responses=ChannelOut)
    def get(self, request: Request, channel_id: int) -> Response:
        """One channel."""
        return Response(ChannelOut(access.channel(self.actor, channel_id)).data)

    @extend_schema(operation_id="channels_update", request=ChannelChange, responses=ChannelOut)
    def patch(self, request: Request, channel_id: int) -> Response:
        """Changes what is given."""
        channel = access.channel(self.actor, channel_id)
        changed = actions.update_channel(channel, **valid(ChannelChange, request), by=self.actor)
        return Response(ChannelOut(changed).data)

    @extend_schema(operation_id="channels_delete", responses={204: None})
    def delete(self, request: Request, channel_id: int) -> Response:
        """With its log."""
        actions.delete_channel(access.channel(self.actor, channel_id), by=self.actor)
        return Response(status=204)


class Test(TeamView):
    roles = {"post": Role.OWNER}

    @extend_schema(operation_id="channels_test", request=None, responses={200: DeliveryOut, 204: None})
    def post(self, request: Request, channel_id: int) -> Response:
        """Sends a test at once, and says what came of it; of an inbox nothing (204) but the entry in one's own."""
        delivery = send_test(access.channel(self.actor, channel_id), by=self.actor)
        return Response(status=204) if delivery is None else Response(DeliveryOut(delivery).data)


class Rotate(TeamView):
    roles = {"post": Role.OWNER}

    @extend_schema(operation_id="channels_rotate", request=None, responses=ChannelMade)
    def post(self, request: Request, channel_id: int) -> Response:
        """A new secret, in this answer and nowhere else; for a day both sign."""
        return Response(
            made_json(actions.rotate_secret(access.channel(self.actor, channel_id), by=self.actor))
        )


def made_json(made: actions.Made) -> dict[str, Any]:
    return {**ChannelOut(made.channel).data, "secret": made.secret or None}
