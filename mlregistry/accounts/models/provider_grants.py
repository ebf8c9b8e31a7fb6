"""Memberships that follow the groups of an identity provider. Written by actions/single_sign_on."""

from django.db import models

from .teams import Membership


class ProviderGrant(models.Model):
    """Set while a group decides on the role; a membership without it was given by hand and is not taken away."""

    membership = models.OneToOneField(
        Membership, on_delete=models.CASCADE, primary_key=True, related_name="provider_grant"
    )
    group = models.CharField(max_length=200)
    granted_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.membership} by {self.group}"
