"""The admin of rows that only actions make, change and delete; every app's admin.py builds on it."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.errors import MlregistryError


class LookOnly(admin.ModelAdmin[Any]):
    """To look and to search; buttons call actions through `act_on`."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_staff)

    def act_on(self, request: HttpRequest, row: Any, team: Any, action: Any) -> None:
        """Runs an action as the person who is signed in, and says what came of it."""
        user = request.user if isinstance(request.user, User) else None
        name = str(row)
        try:
            action(row, by=Actor.system(team, user=user))
        except MlregistryError as error:
            self.message_user(request, f"{name}: {error}", messages.ERROR)
        else:
            self.message_user(request, f"{name}: done.")
