"""Which channels something is told through: what a form offers and what is ticked in it, and what may be used.

Rules, policies and schedules call it, their pages and APIs too.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from mlregistry.accounts.actor import Actor
from mlregistry.errors import Invalid
from mlregistry.notices import access
from mlregistry.notices.actions.channels import inbox_of
from mlregistry.notices.models import Channel, ChannelKind

MOST_USED = 20
INBOX = "inbox"  # stands for the channel that is made when it is first needed
LONGEST_KEY = 18


def usable(by: Actor, channels: Iterable[Channel] | None, *, who: str) -> list[Channel]:
    """The team's inbox for None. Invalid for too many, saying whose they are, and for another team's."""
    found = [inbox_of(by)] if channels is None else list(channels)
    if len(found) > MOST_USED:
        raise Invalid(f"{who} speaks through at most {MOST_USED} channels.", field="channels")
    if any(channel.team_id != by.team.pk for channel in found):
        raise Invalid("A channel of another team cannot be used.", field="channels")
    return found


def named(by: Actor, keys: Iterable[int] | None) -> list[Channel] | None:
    """Those that the body of a request names; None when it names none."""
    return None if keys is None else [access.channel(by, key) for key in dict.fromkeys(keys)]


def ticked(by: Actor, keys: Iterable[str]) -> list[Channel]:
    """Those of a form."""
    return [_ticked(by, key) for key in dict.fromkeys(keys)]


def _ticked(by: Actor, key: str) -> Channel:
    if key == INBOX:
        return inbox_of(by)
    if not (key.isascii() and key.isdigit() and len(key) <= LONGEST_KEY):
        raise Invalid("Choose channels from the list.", field="channels")
    return access.channel(by, int(key))


def offered(by: Actor, used: Iterable[Channel] | None, again: Sequence[str] | None) -> dict[str, Any]:
    """What a form shows: `offered_channels` with their keys, `has_inbox`, and those that are `chosen`: what was just
    sent and refused, else what is in use, else the inbox."""
    channels = list(access.channels(by))
    inboxes = [str(channel.pk) for channel in channels if channel.kind == ChannelKind.INBOX]
    chosen = [INBOX, *inboxes] if used is None else [str(channel.pk) for channel in used]
    return {
        "offered_channels": [(str(channel.pk), channel) for channel in channels],
        "has_inbox": bool(inboxes),
        "chosen": chosen if again is None else list(again),
    }
