"""What the search finds of endpoints; an entry of settings.FINDERS."""

from collections.abc import Iterator

from mlregistry.accounts.actor import Actor
from mlregistry.ui.finding import OF_A_KIND, Asked, Found, found, named
from serving import access
from serving.nouns import ENDPOINT


def endpoints(by: Actor, asked: Asked) -> Iterator[Found]:
    rows = named(access.endpoints(by), asked.words).select_related("problem")
    for row in rows.order_by("-updated_at")[:OF_A_KIND]:
        detail = row.problem.name if row.problem else ""
        yield found(ENDPOINT, row, detail, row.updated_at)
