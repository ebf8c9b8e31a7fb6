"""What stood behind each endpoint, and since when: written by the actions that change it, never changed."""

from django.db import models


class EndpointMove(models.Model):
    """`variants` are name, model, version and weight of each; none: the endpoint was deleted.

    `endpoint_id_then` tells endpoints apart that bore one name; a trigger refuses changes of a row.
    """

    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="+", db_index=False)
    endpoint_id_then = models.BigIntegerField()
    endpoint_name = models.CharField(max_length=100)
    variants = models.JSONField(default=list)
    who = models.CharField(max_length=150, blank=True, help_text="empty: the server")
    via = models.CharField(max_length=20)
    why = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["team", "endpoint_id_then", "-at", "-id"], name="endpoint_move_newest"),
            models.Index(fields=["team", "-at"], name="endpoint_move_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.endpoint_name} at {self.at}"
