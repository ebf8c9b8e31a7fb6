"""The only way to members, invitations, tokens and audit lines: those of the team, NotFound otherwise."""

from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import (
    ApiToken,
    AuditEvent,
    Invitation,
    Membership,
    Role,
    Team,
    User,
    UserSession,
)
from mlregistry.errors import NotFound

LARGEST_ID = 2**63 - 1
Row = TypeVar("Row", bound=Model)


def one_of(rows: QuerySet[Row], pk: int, noun: str, where: str, *, field: str) -> Row:
    """Of rows that the actor may see; NotFound says what is not there and where, whoever else may have it."""
    found = rows.filter(pk=pk).first() if pk <= LARGEST_ID else None
    if found is None:
        raise NotFound(f"There is no {noun} {pk} in {where}.", field=field)
    return found


def teams(by: Actor) -> QuerySet[Team]:
    """The teams of the actor's user; the server itself sees its own."""
    if by.user is None:
        return Team.objects.filter(pk=by.team.pk)
    return Team.objects.filter(memberships__user=by.user)


def members(by: Actor) -> QuerySet[Membership]:
    return Membership.objects.filter(team=by.team).select_related("user", "team")


def member(by: Actor, username: str) -> Membership:
    found = members(by).filter(user__username=username).first()
    if found is None:
        raise NotFound(f"There is no member “{username}” in {by.team.name}.")
    return found


def addable_user(by: Actor, username: str) -> User:
    """Somebody who shares a team with the actor; strangers are invited, so that names cannot be probed."""
    users = User.objects.filter(is_active=True)
    if by.user is not None and not by.user.is_superuser:
        users = users.filter(memberships__team__in=teams(by)).distinct()
    found = users.filter(username=username).first()
    if found is None:
        raise NotFound(f"You work with nobody called “{username}”. Invite them by e-mail instead.")
    return found


def users(by: Actor, *, in_one_team: bool = False) -> QuerySet[User]:
    """Open accounts that the actor works with; an administrator sees all, unless limited to the team."""
    rows = User.objects.filter(is_active=True)
    if by.user is not None and by.user.is_superuser and not in_one_team:
        return rows
    places = Team.objects.filter(pk=by.team.pk) if in_one_team else teams(by)
    return rows.filter(pk__in=Membership.objects.filter(team__in=places).values("user_id"))


def user(by: Actor, username: str, *, in_one_team: bool = False) -> User:
    found = users(by, in_one_team=in_one_team).filter(username=username).first()
    if found is None:
        raise NotFound(f"You work with nobody called “{username[:150]}”.", field="username")
    return found


def memberships(by: Actor, *, in_one_team: bool = False) -> QuerySet[Membership]:
    """Who is in the teams of the actor; of all teams for an administrator, unless limited to the team."""
    rows = Membership.objects.filter(user__is_active=True).select_related("team", "user")
    if in_one_team:
        return rows.filter(team=by.team)
    if by.user is not None and by.user.is_superuser:
        return rows
    return rows.filter(team__in=teams(by))


def invitations(by: Actor) -> QuerySet[Invitation]:
    """Who may see these are those who may invite."""
    by.require(Role.EDITOR)
    return Invitation.objects.filter(team=by.team).select_related("invited_by")


def invitation(by: Actor, invitation_id: int) -> Invitation:
    found = invitations(by).filter(pk=invitation_id).first()
    if found is None:
        raise NotFound(f"There is no invitation {invitation_id} in {by.team.name}.")
    return found


def tokens(by: Actor) -> QuerySet[ApiToken]:
    """One's own tokens; an owner also sees those that are limited to the team."""
    mine = Q(user=by.user) & (Q(team=None) | Q(team__memberships__user=by.user))
    visible = mine | Q(team=by.team) if by.role >= Role.OWNER else mine
    return ApiToken.objects.filter(visible).distinct().select_related("user", "team")


def own_tokens(by: Actor) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(user=by.user).select_related("user", "team")


def token(by: Actor, token_id: int) -> ApiToken:
    found = tokens(by).filter(pk=token_id).first()
    if found is None:
        raise NotFound(f"There is no token {token_id}.")
    return found


def audit_events(by: Actor) -> QuerySet[AuditEvent]:
    by.require(Role.EDITOR)
    return AuditEvent.objects.filter(team=by.team).select_related("user", "team")


def session(by: Actor, session_id: int) -> UserSession:
    """A browser in which the actor's user is signed in."""
    return one_of(
        UserSession.objects.filter(user=by.user), session_id, "session", "your account", field="session"
    )
