"""Who is in a team and with which role; a team always keeps an owner."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from mlregistry.accounts import audit
from mlregistry.accounts.access_changes import access_changed
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import ApiToken, Membership, Role, Team, User
from mlregistry.errors import Conflict, Forbidden, Invalid, NotFound


def add(user: User, *, role: Role, by: Actor) -> Membership:
    """Puts a user into the actor's team; Conflict when they are in it."""
    by.require(Role.OWNER)
    check_grant(role, by)
    with transaction.atomic():
        member = join(user, by.team, role)
        audit.record(by, "membership.create", member, user=user.username, role=role.label)
    return member


def set_role(membership: Membership, role: Role, *, by: Actor) -> Membership:
    """Changes a role; Conflict when it would leave the team without an owner."""
    by.require(Role.OWNER)
    check_grant(role, by)
    with transaction.atomic():
        member = _locked(membership, by)
        check_grant(Role(member.role), by)
        before = Role(member.role)
        if role < Role.OWNER:
            _keep_an_owner(member)
        member.role = role
        member.save(update_fields=["role"])
        audit.record(
            by, "membership.update", member, user=member.user.username, role=role.label, before=before.label
        )
        access_changed()
    return member


def remove(membership: Membership, *, by: Actor) -> None:
    """Takes a member out; anybody may leave. Their tokens for this team end."""
    if by.user is None or membership.user_id != by.user.pk:
        by.require(Role.OWNER)
    with transaction.atomic():
        member = _locked(membership, by)
        _keep_an_owner(member)
        leaves = by.user is not None and member.user_id == by.user.pk
        action = "membership.leave" if leaves else "membership.delete"
        audit.record(by, action, member, user=member.user.username, role=Role(member.role).label)
        ApiToken.objects.filter(user=member.user, team=by.team, revoked_at=None).update(
            revoked_at=timezone.now()
        )
        User.objects.filter(pk=member.user_id, default_team=by.team).update(default_team=None)
        member.delete()
        access_changed()


def transfer(membership: Membership, *, by: Actor) -> Membership:
    """Makes a member owner in the place of the actor, who stays as an editor; both at once."""
    by.require(Role.OWNER)
    if by.user is None or membership.user_id == by.user.pk:
        raise Invalid("Choose somebody else to hand the team over to.", field="username")
    if not membership.user.is_active:
        raise Conflict(f"The account of {membership.user.username} is closed.")
    with transaction.atomic():
        member = _locked(membership, by)
        Membership.objects.filter(pk=member.pk).update(role=Role.OWNER)
        Membership.objects.filter(team=by.team, user=by.user).update(role=Role.EDITOR)
        audit.record(by, "team.transfer", by.team, to=member.user.username)
        access_changed()
    member.role = Role.OWNER
    return member


def join(user: User, team: Team, role: Role) -> Membership:
    """The row itself; the caller has checked the right to it and writes the audit line."""
    try:
        with transaction.atomic():
            member = Membership.objects.create(team=team, user=user, role=role)
    except IntegrityError as error:
        raise Conflict(f"{user.username} is in {team.name} already.") from error
    if user.default_team_id is None:
        user.default_team = team
        user.save(update_fields=["default_team"])
    access_changed()
    return member


def check_grant(role: Role, by: Actor) -> None:
    """Nobody gives or takes a role above their own."""
    if role > by.role:
        raise Forbidden(f"You are {by.role.label}; you cannot decide on the role {role.label}.", field="role")


def _locked(membership: Membership, by: Actor) -> Membership:
    """The row as it is now, with the team locked: two owners cannot remove each other at once."""
    Team.objects.select_for_update().get(pk=by.team.pk)
    member = Membership.objects.filter(pk=membership.pk, team=by.team).select_related("user", "team").first()
    if member is None:
        raise NotFound("This member is not in the team any more.")
    return member


def _keep_an_owner(member: Membership) -> None:
    if member.role < Role.OWNER:
        return
    others = Membership.objects.filter(team=member.team, role=Role.OWNER, user__is_active=True)
    if not others.exclude(pk=member.pk).exists():
        raise Conflict(
            f"{member.user.username} is the last owner of {member.team.name}; make somebody else owner first."
        )
