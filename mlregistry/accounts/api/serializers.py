"""What the accounts API reads and writes, as the OpenAPI page shows it; the views beside it use them."""

from typing import Any

from rest_framework import serializers

from mlregistry.accounts.models import ApiToken, AuditEvent, Invitation, Membership, Role, Scope, Team, User
from mlregistry.accounts.role_names import ROLE_NAMES


class RoleField(serializers.ChoiceField):
    """A role by its name; in Python the Role itself."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=list(ROLE_NAMES), **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        return ROLE_NAMES[super().to_internal_value(data)]

    def to_representation(self, value: Any) -> str:
        return Role(value).label


class TeamOut(serializers.ModelSerializer[Team]):
    class Meta:
        model = Team
        fields = ["id", "slug", "name", "description", "created_at"]


class TeamIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200)
    slug = serializers.CharField(max_length=63, required=False, allow_null=True)


class TeamChange(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200, required=False)
    description = serializers.CharField(max_length=5000, required=False, allow_blank=True)


class MemberOut(serializers.ModelSerializer[Membership]):
    username = serializers.CharField(source="user.username")
    email = serializers.CharField(source="user.email")
    name = serializers.CharField(source="user.get_full_name")
    role = RoleField()

    class Meta:
        model = Membership
        fields = ["id", "username", "name", "email", "role", "created_at"]


class MemberIn(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    role = RoleField()


class MemberChange(serializers.Serializer[Any]):
    role = RoleField()


class InvitationOut(serializers.ModelSerializer[Invitation]):
    role = RoleField()
    invited_by = serializers.CharField(source="invited_by.username", default=None)

    class Meta:
        model = Invitation
        fields = [
            "id", "email", "role", "invited_by", "created_at", "expires_at", "accepted_at", "revoked_at",
        ]  # fmt: skip


class InvitationMade(InvitationOut):
    secret = serializers.CharField(help_text="Shown this once.", allow_null=True)
    link = serializers.CharField(help_text="Where the invited person joins; shown once.", allow_null=True)
    mailed = serializers.BooleanField(help_text="Whether the link was sent by e-mail.")

    class Meta(InvitationOut.Meta):
        fields = [*InvitationOut.Meta.fields, "secret", "link", "mailed"]


class InvitationIn(serializers.Serializer[Any]):
    email = serializers.EmailField()
    role = RoleField()


class TokenOut(serializers.ModelSerializer[ApiToken]):
    user = serializers.CharField(source="user.username")
    team = serializers.CharField(source="team.slug", default=None)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices))

    class Meta:
        model = ApiToken
        fields = [
            "id", "name", "prefix", "user", "team", "scopes", "created_at", "expires_at",
            "revoked_at", "last_used_at",
        ]  # fmt: skip


class TokenMade(TokenOut):
    secret = serializers.CharField(help_text="Shown this once.", allow_null=True)

    class Meta(TokenOut.Meta):
        fields = [*TokenOut.Meta.fields, "secret"]


class TokenIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices), min_length=1)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    team = serializers.CharField(
        required=False, allow_null=True, max_length=63, help_text="Limits the token to this team (its slug)."
    )


class TokenRotation(serializers.Serializer[Any]):
    grace_days = serializers.IntegerField(
        min_value=0, max_value=7, default=0, help_text="How long the old token works beside the new one."
    )


class AuditOut(serializers.ModelSerializer[AuditEvent]):
    user = serializers.CharField(source="user.username", default=None)

    class Meta:
        model = AuditEvent
        fields = [
            "id", "at", "user", "action", "target_type", "target_id", "target_name", "details", "via",
        ]  # fmt: skip


class UserOut(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["id", "username", "first_name", "last_name", "email", "is_superuser"]


class MeOut(serializers.Serializer[Any]):
    user = UserOut()
    team = TeamOut()
    role = RoleField()
    scopes = serializers.ListField(child=serializers.CharField())
    teams = TeamOut(many=True)


def parsed(serializer: type[serializers.Serializer[Any]], data: Any) -> dict[str, Any]:
    """The checked body; what is wrong is raised and becomes a problem that names the field."""
    reader = serializer(data=data)
    reader.is_valid(raise_exception=True)
    return dict(reader.validated_data)
