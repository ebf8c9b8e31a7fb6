"""Requests for a new password by e-mail, kept for an hour to be counted across all web processes."""

from django.db import models


class PasswordResetRequest(models.Model):
    """`subject` is a keyed digest of the e-mail address or of the client's address: it tells neither."""

    subject = models.CharField(max_length=64)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        indexes = [models.Index(fields=["subject", "at"], name="password_reset_by_subject")]

    def __str__(self) -> str:
        return self.subject
