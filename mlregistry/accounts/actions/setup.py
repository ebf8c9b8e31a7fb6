"""The first owner, made when the server first starts; `manage.py up` prints what this returns."""

import secrets
from dataclasses import dataclass

from django.db import connection, transaction

from mlregistry import env
from mlregistry.accounts import audit
from mlregistry.accounts.access_changes import access_changed
from mlregistry.accounts.actions.tokens import store_token
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import ApiToken, Membership, Role, Scope, Team, User
from mlregistry.accounts.secret_text import SHORTEST_TOKEN, digest, new_token

SETUP_LOCK = 7_220_041
FIRST_TOKEN_NAME = "first owner"  # noqa: S105 - a label


@dataclass(frozen=True, slots=True)
class FirstOwner:
    """How to log in; `password` and `token` are None unless they were made just now (kept as hashes only)."""

    username: str
    password: str | None
    token: str | None
    team: Team
    is_password_given: bool = False  # by the environment

    def __str__(self) -> str:
        lines = [
            f"Log in as {self.username}" + (f" with the password {self.password}" if self.password else "")
        ]
        if self.token:
            lines.append(f"API token: {self.token}")
        if self.password or self.token:
            lines.append("They are shown this once and kept only as hashes.")
        elif self.is_password_given:
            lines[0] += " with the password of MLREGISTRY_ADMIN_PASSWORD"
        else:
            lines[0] += " with the password shown at the first start, or set MLREGISTRY_ADMIN_PASSWORD"
        return "\n".join(lines)


@transaction.atomic
def ensure_first_owner() -> FirstOwner:
    """Makes the owner, team and token that are missing; what the environment fixes wins at each start."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SETUP_LOCK])
    given = env.text("MLREGISTRY_ADMIN_PASSWORD")
    user, password = _owner(env.text("MLREGISTRY_ADMIN_USERNAME"), given)
    team = _team_of(user)
    token = _token(user, team, env.text("MLREGISTRY_ADMIN_TOKEN"))
    return FirstOwner(
        username=user.username, password=password, token=token, team=team, is_password_given=bool(given)
    )


def _owner(username: str, fixed_password: str) -> tuple[User, str | None]:
    """The named user, or the first superuser; with the password when it was made now."""
    known = User.objects.filter(username=username) if username else User.objects.filter(is_superuser=True)
    user = known.order_by("pk").first()
    if user is not None:
        if fixed_password and not user.check_password(fixed_password):
            user.set_password(fixed_password)
            user.save(update_fields=["password"])
        return user, None
    password = fixed_password or secrets.token_urlsafe(12)
    user = User.objects.create_superuser(username or "admin", password=password)
    return user, None if fixed_password else password


def _team_of(user: User) -> Team:
    """The user's default team; the team “default” with the user as its owner when there is none."""
    if user.default_team is not None:
        return user.default_team
    team, made = Team.objects.get_or_create(slug="default", defaults={"name": "Default"})
    Membership.objects.get_or_create(team=team, user=user, defaults={"role": Role.OWNER})
    user.default_team = team
    user.save(update_fields=["default_team"])
    if made:
        audit.record(Actor.system(team, user=user), "team.create", team)
    return team


def _token(user: User, team: Team, fixed: str) -> str | None:
    """A new secret to show, or None when there is a token already or the environment fixes it."""
    if fixed:
        _fix_token(user, team, fixed)
        return None
    if ApiToken.objects.filter(user=user).exists():
        return None
    secret = new_token()
    token = store_token(user, FIRST_TOKEN_NAME, secret, scopes=list(Scope.values))
    audit.record(Actor.system(team, user=user), "token.create", token)
    return secret


def _fix_token(user: User, team: Team, secret: str) -> None:
    """The operator's own token; a new value in the environment ends the old one."""
    if len(secret) < SHORTEST_TOKEN:
        raise env.EnvironmentMistake(f"MLREGISTRY_ADMIN_TOKEN must have at least {SHORTEST_TOKEN} letters")
    rows = ApiToken.objects.filter(user=user, name=FIRST_TOKEN_NAME)
    if rows.filter(digest=digest(secret), revoked_at=None).exists():
        return
    rows.delete()
    ApiToken.objects.filter(digest=digest(secret)).delete()
    token = store_token(user, FIRST_TOKEN_NAME, secret, scopes=list(Scope.values))
    audit.record(Actor.system(team, user=user), "token.create", token)
    access_changed()
