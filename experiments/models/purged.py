"""Runs that are gone while rows of their histories remain to be removed."""

import uuid

from django.db import models


class PurgedRun(models.Model):
    """Written in the transaction that removes the run, so that no crash leaves points that nobody owns."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.id.hex
