"""How much one person may write and tell others in a while. Called by the actions on comments."""

from datetime import datetime, timedelta

from django.db.models import Sum
from django.db.models.functions import Coalesce

from mlregistry.accounts.models import User
from mlregistry.discussions.models import Comment
from mlregistry.errors import TooMany

LONGEST_TEXT = 20_000
MOST_MENTIONED = 20  # in one comment
MOST_REPLIES = 500  # in one thread
MOST_THREADS = 2_000  # on one thing
BURST, MOST_IN_BURST = timedelta(minutes=5), 30
DAY, MOST_IN_DAY = timedelta(days=1), 500
HOUR, MOST_TOLD_IN_HOUR = timedelta(hours=1), 100  # mentions, of whomever


def refuse_flood(author: User, now: datetime) -> None:
    """TooMany when the person wrote too much already; deleted comments count too."""
    own = Comment.objects.filter(author=author)
    for span, most, words in ((BURST, MOST_IN_BURST, "five minutes"), (DAY, MOST_IN_DAY, "a day")):
        if own.filter(created_at__gt=now - span).count() >= most:
            raise TooMany(f"You wrote {most} comments within {words}; wait a little before the next.")


def refuse_spam(author: User, n_more: int, now: datetime) -> None:
    """TooMany when `n_more` mentions would tell too many within an hour; edits count by the change."""
    recent = Comment.objects.filter(author=author, changed_at__gt=now - HOUR).exclude(told=[])
    n_told = recent.aggregate(n=Coalesce(Sum("told__len"), 0))["n"]
    if n_told + n_more > MOST_TOLD_IN_HOUR:
        raise TooMany(
            f"You mentioned people {n_told} times within an hour; mention fewer, or wait.", field="text"
        )
