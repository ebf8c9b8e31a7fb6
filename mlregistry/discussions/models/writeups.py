"""Write-ups: Markdown documents of a team with live charts and tables; every save is a version."""

from django.conf import settings
from django.db import models


class WriteUp(models.Model):
    """The title is that of the newest version."""

    team = models.ForeignKey(
        "accounts.Team", on_delete=models.CASCADE, related_name="writeups", db_index=False
    )
    title = models.CharField(max_length=200)
    last_number = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["team", "-updated_at"], name="writeup_newest")]

    def __str__(self) -> str:
        return self.title


class WriteUpVersion(models.Model):
    """What was saved, never changed."""

    writeup = models.ForeignKey(WriteUp, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    restored_from = models.PositiveIntegerField(null=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["writeup", "number"], name="writeup_version_once")]

    def __str__(self) -> str:
        return f"{self.title} v{self.number}"
