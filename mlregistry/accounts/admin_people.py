"""The operator's pages of users and of where they are signed in; what an action exists for is a button.

`accounts.admin` loads it with the rest.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from mlregistry.accounts.actions import sessions, users
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Team, User, UserSession
from mlregistry.accounts.queries.sessions import device_words
from mlregistry.errors import Conflict, MlregistryError
from mlregistry.look_only import LookOnly, operator


def each(request: HttpRequest, rows: Iterable[Any], act: Callable[[Any], object], done: str) -> None:
    """Calls an action on every chosen row; says how many went well and why the others did not."""
    n_done = 0
    for row in rows:
        try:
            act(row)
            n_done += 1
        except MlregistryError as error:
            messages.error(request, f"{row}: {error.message}")
    if n_done:
        messages.success(request, f"{n_done} {done}.")


def by_operator(request: HttpRequest, user: User) -> Actor:
    """The operator; the line of the audit trail goes to a team of the user's, else to one of the operator's."""
    team = user.default_team or Team.objects.filter(memberships__user=user).first()
    if team is None:
        team = Team.objects.filter(memberships__user=request.user.pk or 0).first()
    if team is None:
        raise Conflict("Neither you nor this user is in a team, so there is no trail to write into.")
    return operator(request, team)


def _makes_sense(name: str, user: User) -> bool:
    """What would change nothing is not offered on the page of a user."""
    pointless = {
        "close" if not user.is_active else "reopen",
        "make_administrator" if user.is_superuser else "make_ordinary",
    }
    return name not in pointless


@admin.register(User)
class Users(UserAdmin[User]):
    list_display = ["username", "email", "first_name", "last_name", "is_active", "is_superuser", "last_login"]
    list_filter = ["is_active", "is_staff", "is_superuser", "is_service", "memberships__team"]
    search_fields = ["username", "email", "first_name", "last_name"]
    fieldsets = (
        *(UserAdmin.fieldsets or ()),
        ("Work", {"fields": ["default_team", "is_service", "time_zone"]}),
    )
    autocomplete_fields = ["default_team"]
    readonly_fields = ["is_active", "is_superuser", "last_login", "date_joined"]
    change_form_template = "admin/look_only.html"
    actions = ["close", "reopen", "unlock", "sign_out", "make_administrator", "make_ordinary"]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """An account is closed (not active) and not deleted, so that what it did keeps its name."""
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> Any:
        row: Any = options.get("obj")
        offered: dict[str, Any] = self.get_actions(request) if row else {}
        context["row_actions"] = [
            (name, title) for _, name, title in offered.values() if _makes_sense(name, row)
        ]
        return super().render_change_form(request, context, *args, **options)

    @admin.action(description="Close the account", permissions=["operate"])
    def close(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        each(request, rows, lambda row: users.close_user(row, by=by_operator(request, row)), "closed")

    @admin.action(description="Open the account again", permissions=["operate"])
    def reopen(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        each(request, rows, lambda row: users.reopen_user(row, by=by_operator(request, row)), "opened again")

    @admin.action(description="Unlock log-ins", permissions=["operate"])
    def unlock(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        each(request, rows, lambda row: users.unlock_user(row, by=by_operator(request, row)), "unlocked")

    @admin.action(description="Sign out everywhere", permissions=["operate"])
    def sign_out(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        def act(row: User) -> None:
            keep = request.session.session_key if row.pk == request.user.pk else None
            sessions.end_other_sessions(row, keep=keep, by=by_operator(request, row))

        each(request, rows, act, "signed out")

    @admin.action(description="Make administrator", permissions=["operate"])
    def make_administrator(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        self._administrator(request, rows, True)

    @admin.action(description="Make an ordinary user", permissions=["operate"])
    def make_ordinary(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        self._administrator(request, rows, False)

    def _administrator(self, request: HttpRequest, rows: QuerySet[User], wanted: bool) -> None:
        def act(row: User) -> None:
            users.set_administrator(row, wanted, by=by_operator(request, row))

        each(request, rows, act, "changed")


@admin.register(UserSession)
class Sessions(LookOnly):
    list_display = ["user", "device", "address", "signed_in_at", "seen_at"]
    search_fields = ["user__username", "address__exact"]
    list_select_related = ["user"]
    ordering = ["-seen_at"]
    exclude = ["session_key"]
    actions = ["end"]

    @admin.display(description="device")
    def device(self, row: UserSession) -> str:
        return device_words(row.user_agent)

    @admin.action(description="Sign out", permissions=["operate"])
    def end(self, request: HttpRequest, rows: QuerySet[UserSession]) -> None:
        def act(row: UserSession) -> None:
            sessions.end_session(row, by=by_operator(request, row.user))

        each(request, rows.select_related("user"), act, "signed out")
