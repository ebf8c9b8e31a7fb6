"""Addresses of the pages of channels, the delivery log and the inbox."""

from django.urls import URLPattern, path

from . import channels, deliveries, inbox

urlpatterns: list[URLPattern] = [
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/read", inbox.read_all, name="inbox-read"),
    path("inbox/<int:entry_id>/", inbox.entry, name="inbox-entry"),
    path("channels/", channels.channels, name="channels"),
    path("channels/<int:channel_id>/", channels.channel, name="channel"),
    path("channels/<int:channel_id>/test", channels.test, name="channel-test"),
    path("channels/<int:channel_id>/rotate", channels.rotate, name="channel-rotate"),
    path("channels/<int:channel_id>/switch", channels.switch, name="channel-switch"),
    path("channels/<int:channel_id>/delete", channels.delete, name="channel-delete"),
    path("deliveries/", deliveries.deliveries, name="deliveries"),
    path("deliveries/<int:delivery_id>/replay", deliveries.replay, name="delivery-replay"),
]
