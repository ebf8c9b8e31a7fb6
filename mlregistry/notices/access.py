"""The only way to channels, deliveries and inbox entries: those of the team and of oneself, NotFound otherwise."""

from django.db.models import QuerySet

from mlregistry.accounts.access import one_of
from mlregistry.accounts.actor import Actor
from mlregistry.notices.models import Channel, Delivery, InboxEntry


def channels(by: Actor) -> QuerySet[Channel]:
    return Channel.objects.filter(team=by.team).select_related("created_by")


def channel(by: Actor, channel_id: int) -> Channel:
    return one_of(channels(by), channel_id, "channel", by.team.name, field="channels")


def deliveries(by: Actor) -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(channel__team=by.team)
    return rows.select_related("channel__team", "notice", "created_by")


def delivery(by: Actor, delivery_id: int) -> Delivery:
    return one_of(deliveries(by), delivery_id, "delivery", by.team.name, field="delivery")


def inbox(by: Actor) -> QuerySet[InboxEntry]:
    """The actor's own in this team; the server itself has none."""
    return InboxEntry.objects.filter(user=by.user, team=by.team).select_related("notice")


def inbox_entry(by: Actor, entry_id: int) -> InboxEntry:
    return one_of(inbox(by), entry_id, "notice", "your inbox", field="entry")
