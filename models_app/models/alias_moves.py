"""Where each alias pointed, and since when: written by the actions that move it, never changed."""

from django.db import models


class AliasMove(models.Model):
    """No `number`: the alias was taken away. Names and numbers are kept as they were, whatever is deleted later.

    `model_id_then` tells models apart that bore one name; a trigger refuses changes of a row.
    """

    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="+", db_index=False)
    model_id_then = models.BigIntegerField()
    model_name = models.CharField(max_length=256)
    alias = models.CharField(max_length=255)
    number = models.PositiveIntegerField(null=True)
    former = models.PositiveIntegerField(null=True)
    who = models.CharField(max_length=150, blank=True, help_text="empty: the server")
    via = models.CharField(max_length=20)
    why = models.TextField(blank=True)
    request_number = models.BigIntegerField(null=True, help_text="of the promotion that was approved")
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["team", "model_id_then", "alias", "-at", "-id"], name="alias_move_newest"),
            models.Index(fields=["team", "-at"], name="alias_move_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.alias} of {self.model_name} → {self.number or 'nothing'}"
