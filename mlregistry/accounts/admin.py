"""The operator's pages for users, teams, members, invitations, tokens and the audit trail.

What an action exists for is done by that action, in the operator's name.
"""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from mlregistry.accounts.actions import invitations, memberships, teams, tokens
from mlregistry.accounts.admin_people import Sessions, Users, each
from mlregistry.accounts.models import ApiToken, AuditEvent, Invitation, Membership, Role, Team
from mlregistry.accounts.queries import audit_sentences
from mlregistry.admin_lists import RecentValues
from mlregistry.errors import Conflict
from mlregistry.look_only import LookOnly, operator


def _any_team(token: ApiToken) -> Team:
    """A token for all teams is revoked in its user's name; the audit line goes to a team of theirs."""
    team = token.user.default_team or Team.objects.filter(memberships__user=token.user).first()
    if team is None:
        raise Conflict("This user is in no team, so the token opens nothing.")
    return team


__all__ = ["Sessions", "Users"]


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
    list_display = ["at", "team", "user", "what", "target_type", "via", "address"]
    list_filter = ["via", ("action", RecentValues), ("target_type", RecentValues), "team"]
    search_fields = ["target_id__exact", "user__username__exact", "address__exact"]
    search_help_text = "The number of a thing, a user name, or a network address, whole."
    list_select_related = ["team", "user"]
    ordering = ["-pk"]
    fields = [
        "at",
        "what",
        "team",
        "user",
        "action",
        "target_type",
        "target_id",
        "target_name",
        "via",
        "address",
        "details",
    ]

    @admin.display(description="what")
    def what(self, row: AuditEvent) -> str:
        return audit_sentences.sentence(row)
