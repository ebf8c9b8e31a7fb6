"""How people are let in beside Django's own way; settings.AUTHENTICATION_BACKENDS names these when they are wanted."""

from typing import Any

from django.contrib.auth.backends import BaseBackend, ModelBackend

from mlregistry.accounts.models import User


class AdministratorsByPassword(ModelBackend):
    """Where passwords are off: administrators keep theirs, so a provider that is away locks nobody out."""

    def user_can_authenticate(self, user: Any) -> bool:
        return bool(user.is_superuser and super().user_can_authenticate(user))


class SingleSignOn(BaseBackend):
    """Of sessions that an identity provider opened; it checks no credentials itself."""

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).first()
