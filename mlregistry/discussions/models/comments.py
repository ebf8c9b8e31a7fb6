"""Comments on whatever a noun of settings.NOUNS names; replies hang on the first comment of their thread."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone


class Comment(models.Model):
    """`key` is the primary key of the thing; `changed_at` moves with every change, so that a poll sees it.

    `told` are the members who were told that it mentions them: an edit tells the others only.
    """

    team = models.ForeignKey(
        "accounts.Team", on_delete=models.CASCADE, related_name="comments", db_index=False
    )
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=64)
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="replies")
    text = models.TextField()
    told = ArrayField(models.BigIntegerField(), default=list)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    class Meta:
        indexes = [
            models.Index(fields=["team", "kind", "key", "created_at"], name="comment_by_thing"),
            models.Index(fields=["team", "kind", "key", "-changed_at"], name="comment_by_change"),
            models.Index(fields=["author", "-created_at"], name="comment_by_author"),
            models.Index(
                fields=["deleted_at"], condition=models.Q(deleted_at__isnull=False), name="comment_deleted"
            ),
        ]

    def __str__(self) -> str:
        return f"comment {self.pk} on {self.kind} {self.key}"
