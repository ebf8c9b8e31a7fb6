"""What a person chose to be told, and how. Their own affair: no line in the audit trail."""

from datetime import datetime, timedelta

from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.discussions.models import Manner, Telling
from mlregistry.errors import Forbidden, Invalid

DIGEST_EVERY = timedelta(days=1)


def chosen(by: Actor) -> Telling:
    """The actor's choice, unsaved when they made none."""
    found = Telling.objects.filter(user=by.user).first() if by.user else None
    return found or Telling(user=by.user) if by.user else Telling()


def choose(
    *, mentions: str | None = None, watched: str | None = None, now: datetime | None = None, by: Actor
) -> Telling:
    """For all teams of the person. The first digest comes a day after it was chosen."""
    if by.user is None:
        raise Forbidden("Only people choose what they are told.")
    now, row = now or timezone.now(), chosen(by)
    for name, value in (("mentions", mentions), ("watched", watched)):
        if value is not None:
            if value not in Manner.values:
                raise Invalid(f"{name} must be one of {', '.join(Manner.values)}.", field=name)
            setattr(row, name, value)
    if Manner.DIGEST not in (row.mentions, row.watched):
        row.digest_at = row.digested_until = None
    elif row.digest_at is None:
        row.digest_at, row.digested_until = now + DIGEST_EVERY, now
    row.save()
    return row
