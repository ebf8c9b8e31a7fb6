"""The card of the start page that tells what the team did last; settings.HOME_CARDS names it."""

from mlregistry.discussions.queries import activity as queries
from mlregistry.ui.cards import SIDE, Card
from mlregistry.ui.page import PageRequest

NEWEST = 8
READ = 60


def activity(request: PageRequest) -> Card:
    lines = queries.folded(queries.feed(request.actor, {}, limit=READ).lines)
    return Card("discussions/activity_card.html", SIDE, {"lines": lines[:NEWEST]})
