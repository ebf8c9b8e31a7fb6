"""Forgets deleted comments after a day, in inboxes too, and deleted write-ups after thirty. A chore: `tend`."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from mlregistry.discussions.actions.telling import COMMENT, MENTION
from mlregistry.discussions.allowances import UNDONE_WITHIN
from mlregistry.discussions.models import Comment, WriteUp
from mlregistry.notices.models import Notice

WRITEUPS_KEPT = timedelta(days=30)
AT_ONCE = 500


def tend(now: datetime | None = None) -> int:
    """How many comments and write-ups were forgotten."""
    now = now or timezone.now()
    gone = (
        Comment.objects.filter(deleted_at__lt=now - UNDONE_WITHIN).exclude(text="").order_by("pk")[:AT_ONCE]
    )
    comments = list(gone)
    for comment in comments:
        about = Q(key=f"{COMMENT}:{comment.pk}") | Q(key__startswith=f"{MENTION}:{comment.pk}:")
        Notice.objects.filter(about, team=comment.team_id).update(text="")
    Comment.objects.filter(pk__in=[comment.pk for comment in comments]).update(text="", told=[])
    _, counts = WriteUp.objects.filter(deleted_at__lt=now - WRITEUPS_KEPT).delete()
    return len(comments) + counts.get("discussions.WriteUp", 0)
