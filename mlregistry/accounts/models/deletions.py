"""Things that were deleted and can be brought back for a day: their rows as they were."""

import uuid

from django.conf import settings
from django.db import models

from .teams import Role, Team


class KeptDeletion(models.Model):
    """`rows` are [model, values by column] of the thing and of all that went with it; `links` are
    [model, column, primary key, value] of what pointed at it and stayed. `role` is what deleting it takes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    role = models.PositiveSmallIntegerField(choices=Role.choices)
    noun = models.CharField(max_length=60)
    name = models.CharField(max_length=500)
    rows = models.JSONField()
    links = models.JSONField()
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.noun} {self.name}"
