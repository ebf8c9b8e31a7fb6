"""The addresses of channels, the delivery log and the inbox under /api/v1/."""

from django.urls import path

from . import channels, deliveries, inbox

urlpatterns = [
    path("channels/", channels.Channels.as_view()),
    path("channels/<int:channel_id>", channels.OneChannel.as_view()),
    path("channels/<int:channel_id>/test", channels.Test.as_view()),
    path("channels/<int:channel_id>/rotate", channels.Rotate.as_view()),
    path("deliveries/", deliveries.Deliveries.as_view()),
    path("deliveries/<int:delivery_id>", deliveries.OneDelivery.as_view()),
    path("deliveries/<int:delivery_id>/replay", deliveries.Replay.as_view()),
    path("inbox/", inbox.Inbox.as_view()),
    path("inbox/read", inbox.ReadAll.as_view()),
    path("inbox/<int:entry_id>/read", inbox.Read.as_view()),
]
