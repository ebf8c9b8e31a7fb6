"""What people write on a version's model card; all else on it is read from where it is kept."""

from django.conf import settings
from django.db import models

from .versions import ModelVersion


class CardText(models.Model):
    """Markdown."""

    version = models.OneToOneField(ModelVersion, on_delete=models.CASCADE, related_name="card_text")
    intended_use = models.TextField(blank=True)
    limits = models.TextField(blank=True)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"card of {self.version}"
