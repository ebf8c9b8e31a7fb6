"""Forgets the text of deleted comments after a day, and deleted write-ups after thirty. A chore of the scheduler."""

from datetime import datetime, timedelta

from django.utils import timezone

from mlregistry.discussions.allowances import UNDONE_WITHIN
from mlregistry.discussions.models import Comment, WriteUp

WRITEUPS_KEPT = timedelta(days=30)


def tend(now: datetime | None = None) -> int:
    """How many comments and write-ups were forgotten."""
    now = now or timezone.now()
    gone = Comment.objects.filter(deleted_at__lt=now - UNDONE_WITHIN).exclude(text="")
    n_comments = gone.update(text="", told=[])
    _, counts = WriteUp.objects.filter(deleted_at__lt=now - WRITEUPS_KEPT).delete()
    return n_comments + counts.get("discussions.WriteUp", 0)
