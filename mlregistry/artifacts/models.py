"""Stored bytes: immutable, content-addressed within a team, referred to by runs, datasets and versions."""

from django.db import models


class StoredFile(models.Model):
    """Bytes in STORAGES["artifacts"] under `key`, which the server made; never a user's text."""

    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200, unique=True)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    content_type = models.CharField(max_length=200, default="application/octet-stream")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["team", "sha256"], name="stored_file_by_content")]

    def __str__(self) -> str:
        return self.key
