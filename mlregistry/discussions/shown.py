"""What the part of a page that holds the comments on a thing shows. Called by its view and by the template tag."""

from typing import Any

from django.http import HttpRequest

from mlregistry.accounts.actor import Actor
from mlregistry.discussions import prose
from mlregistry.discussions.models import Comment
from mlregistry.discussions.nouns import Thing
from mlregistry.discussions.queries import comments as queries
from mlregistry.discussions.queries.watches import watching


def part(request: HttpRequest, about: Thing, by: Actor, *, begin: Comment | None = None) -> dict[str, Any]:
    """The context of discussions/discussion.html: a number of queries that does not grow with the comments.

    With `begin` it is the page of threads from that comment's on back, to which its buttons lead again.
    """
    state = queries.state(about, by)  # before the comments: one that comes between is shown by the next poll
    found = queries.threads(about, by, begin=begin)
    shown = [one for thread in found.threads for one in (thread.first, *thread.replies)]
    texts = [one.comment.text for one in shown if one.comment.deleted_at is None]
    return {
        "thing": about,
        "found": found,
        "begin": f"?from={begin.pk}" if begin else "",
        "prose_of": prose.known_on(request, texts, by),
        "state": state,
        "watching": watching(about, by),
    }
