"""The operator's pages for users, teams, members, invitations, tokens and the audit trail.

What an action exists for is done by that action, in the operator's name.
"""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from mlregistry.accounts.actions import invitations, memberships, teams, tokens
from mlregistry.accounts.models import ApiToken, AuditEvent, Invitation, Membership, Role, Team, User
from mlregistry.errors import Conflict, MlregistryError
from mlregistry.look_only import LookOnly, operator


def _any_team(token: ApiToken) -> Team:
    """A token for all teams is revoked in its user's name; the audit line goes to a team of theirs."""
    team = token.user.default_team or Team.objects.filter(memberships__user=token.user).first()
    if team is None:
        raise Conflict("This user is in no team, so the token opens nothing.")
    return team


def each(request: HttpRequest, rows: Any, act: Any, done: str) -> None:
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


@admin.register(User)
class Users(UserAdmin[User]):
    list_display = ["username", "email", "first_name", "last_name", "is_active", "is_staff", "last_login"]
    list_filter = ["is_active", "is_staff", "is_superuser", "is_service", "memberships__team"]
    search_fields = ["username", "email", "first_name", "last_name"]
    fieldsets = (*(UserAdmin.fieldsets or ()), ("Work", {"fields": ["default_team", "is_service"]}))
    autocomplete_fields = ["default_team"]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """An account is closed (not active) and not deleted, so that what it did keeps its name."""
        return False


@admin.register(Team)
class Teams(admin.ModelAdmin[Team]):
    list_display = ["name", "slug", "created_at"]
    search_fields = ["name", "slug"]
    list_filter = ["created_at"]
    readonly_fields = ["slug", "created_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A team needs an owner; it is founded on the page “Found a team”."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Team, form: Any, change: bool) -> None:
        teams.update_team(obj, name=obj.name, description=obj.description, by=operator(request, obj))


@admin.register(Membership)
class Memberships(LookOnly):
    list_display = ["user", "team", "role", "created_at"]
    list_filter = ["role", "team"]
    search_fields = ["user__username", "user__email", "team__name", "team__slug"]
    list_select_related = ["user", "team"]
    actions = ["remove", "make_viewer", "make_editor", "make_owner"]

    @admin.action(description="Take out of the team", permissions=["operate"])
    def remove(self, request: HttpRequest, rows: QuerySet[Membership]) -> None:
        each(request, rows, lambda row: memberships.remove(row, by=operator(request, row.team)), "taken out")

    @admin.action(description="Make viewer", permissions=["operate"])
    def make_viewer(self, request: HttpRequest, rows: QuerySet[Membership]) -> None:
        self._set(request, rows, Role.VIEWER)

    @admin.action(description="Make editor", permissions=["operate"])
    def make_editor(self, request: HttpRequest, rows: QuerySet[Membership]) -> None:
        self._set(request, rows, Role.EDITOR)

    @admin.action(description="Make owner", permissions=["operate"])
    def make_owner(self, request: HttpRequest, rows: QuerySet[Membership]) -> None:
        self._set(request, rows, Role.OWNER)

    def _set(self, request: HttpRequest, rows: QuerySet[Membership], role: Role) -> None:
        def act(row: Membership) -> None:
            memberships.set_role(row, role, by=operator(request, row.team))

        each(request, rows, act, f"made {role.label}")


@admin.register(Invitation)
class Invitations(LookOnly):
    list_display = [
        "email",
        "team",
        "role",
        "invited_by",
        "created_at",
        "expires_at",
        "accepted_at",
        "revoked_at",
    ]
    list_filter = ["role", "team", "accepted_at", "revoked_at"]
    search_fields = ["email", "team__name", "team__slug"]
    list_select_related = ["team", "invited_by"]
    exclude = ["digest"]
    actions = ["revoke"]

    @admin.action(description="Take back", permissions=["operate"])
    def revoke(self, request: HttpRequest, rows: QuerySet[Invitation]) -> None:
        each(request, rows, lambda row: invitations.revoke(row, by=operator(request, row.team)), "taken back")


@admin.register(ApiToken)
class Tokens(LookOnly):
    list_display = ["name", "prefix", "user", "team", "scopes", "expires_at", "last_used_at", "revoked_at"]
    list_filter = ["team", "created_at", "expires_at", "revoked_at"]
    search_fields = ["name", "prefix", "user__username", "user__email"]
    list_select_related = ["user", "team"]
    exclude = ["digest"]
    readonly_fields = ["digest_in_hex"]
    actions = ["revoke"]

    @admin.display(description="SHA-256 of the secret")
    def digest_in_hex(self, row: ApiToken) -> str:
        return bytes(row.digest).hex()

    @admin.action(description="Revoke", permissions=["operate"])
    def revoke(self, request: HttpRequest, rows: QuerySet[ApiToken]) -> None:
        def act(row: ApiToken) -> None:
            tokens.revoke_token(row, by=operator(request, row.team or _any_team(row)))

        each(request, rows, act, "revoked")


@admin.register(AuditEvent)
class AuditEvents(LookOnly):
    list_display = ["at", "team", "user", "action", "target_type", "target_name", "via"]
    list_filter = ["via", "action", "team", "at"]
    search_fields = ["action", "target_name", "target_id", "user__username"]
    list_select_related = ["team", "user"]
    date_hierarchy = "at"
