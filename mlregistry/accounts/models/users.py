"""The user: signs in with a name and a password, works in teams."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A person or a service account; `default_team` is where requests without a team go."""

    email = models.EmailField("e-mail address", blank=True)
    default_team = models.ForeignKey(
        "accounts.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    time_zone = models.CharField(max_length=64, blank=True, default="")  # IANA's name; empty: the browser's
    is_service = models.BooleanField(default=False)

    class Meta(AbstractUser.Meta):
        db_table = "accounts_user"
