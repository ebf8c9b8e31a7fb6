"""The admin of rows that only actions make, change and delete; every app's admin builds on it."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role, Team, User
from mlregistry.errors import MlregistryError


def operator(request: HttpRequest, team: Team) -> Actor:
    """The staff member, with an owner's role in a team that need not be theirs."""
    user = request.user if isinstance(request.user, User) else None
    return Actor(user=user, team=team, role=Role.OWNER, via="admin")


class LookOnly(admin.ModelAdmin[Any]):
    """To look and to search; buttons ask for `permissions=["operate"]` and call actions through `act_on`."""

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Django's permission to change the model, which pages to look at do not otherwise ask for."""
        return super().has_change_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def act_on(self, request: HttpRequest, row: Any, team: Team, action: Any) -> None:
        """Runs an action as the person who is signed in, and says what came of it."""
        name = str(row)
        try:
            action(row, by=operator(request, team))
        except MlregistryError as error:
            self.message_user(request, f"{name}: {error}", messages.ERROR)
        else:
            self.message_user(request, f"{name}: done.")


class LookOnlyInline(admin.TabularInline[Any, Any]):
    """Rows under the row they belong to, to look at; `fields` names what is shown."""

    extra = 0
    can_delete = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return list(self.fields or ())

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
