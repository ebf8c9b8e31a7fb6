"""The only way to channels, deliveries and inbox entries: those of the team and of oneself, NotFound otherwise."""

from django.db.models import QuerySet

from mlregistry.accounts.actor import Actor
from mlregistry.errors import NotFound
from mlregistry.notices.models import Channel, Delivery, InboxEntry

LARGEST_ID = 2**63 - 1


def channels(by: Actor) -> QuerySet[Channel]:
    return Channel.objects.filter(team=by.team).select_related("created_by")


def channel(by: Actor, channel_id: int) -> Channel:
    found = channels(by).filter(pk=channel_id).first() if channel_id <= LARGEST_ID else None
    if found is None:
        raise NotFound(f"There is no channel {channel_id} in {by.team.name}.", field="channels")
    return found


def deliveries(by: Actor) -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(channel__team=by.team)
    return rows.select_related("channel__team", "notice", "created_by")


def delivery(by: Actor, delivery_id: int) -> Delivery:
    found = deliveries(by).filter(pk=delivery_id).first() if delivery_id <= LARGEST_ID else None
    if found is None:
        raise NotFound(f"There is no delivery {delivery_id} in {by.team.name}.", field="delivery")
    return found


def inbox(by: Actor) -> QuerySet[InboxEntry]:
    """The actor's own in this team; the server itself has none."""
    return InboxEntry.objects.filter(user=by.user, team=by.team).select_related("notice")


def inbox_entry(by: Actor, entry_id: int) -> InboxEntry:
    found = inbox(by).filter(pk=entry_id).first() if entry_id <= LARGEST_ID else None
    if found is None:
        raise NotFound(f"There is no notice {entry_id} in your inbox.", field="entry")
    return found
