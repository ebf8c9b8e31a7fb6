"""One's own account: names, time zone, default team; closing it, which leaves nothing without an owner.

The profile page and the page of teams call this.
"""

from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from mlregistry.accounts import access, audit
from mlregistry.accounts.access_changes import access_changed
from mlregistry.accounts.actions.sessions import end_other_sessions
from mlregistry.accounts.actions.users import keep_an_administrator
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import ApiToken, Membership, Role, Team, User
from mlregistry.errors import Conflict, Forbidden, Invalid, NotFound

PROFILE = ("first_name", "last_name", "email", "time_zone")


def update_profile(
    user: User,
    *,
    first_name: str,
    last_name: str,
    email: str,
    default_team: str = "",
    time_zone: str | None = None,
    by: Actor,
) -> User:
    """The actor's own names, address, time zone and the team where requests without one go."""
    before = {name: getattr(user, name) for name in PROFILE}
    user.first_name, user.last_name, user.email = first_name.strip(), last_name.strip(), email.strip()
    user.default_team = _own_team(by, default_team) if default_team else user.default_team
    if time_zone is not None:
        user.time_zone = _checked_zone(time_zone.strip())
    try:
        user.full_clean(exclude=["password", "username"])
    except ValidationError as error:
        field, reasons = next(iter(error.message_dict.items()))
        raise Invalid(reasons[0], field=field) from error
    after = {name: getattr(user, name) for name in PROFILE}
    changed = [name for name in PROFILE if before[name] != after[name]]
    with transaction.atomic():
        user.save(update_fields=["first_name", "last_name", "email", "default_team", "time_zone"])
        kept = {
            moment: {name: values[name] for name in changed}
            for moment, values in (("before", before), ("after", after))
        }
        audit.record(by, "user.update", user, **(kept if changed else {}))
    return user


def set_default_team(slug: str, *, by: Actor) -> Team:
    """Where the actor's requests go that name no team."""
    if by.user is None:
        raise Forbidden("Only a person has a default team.")
    team = _own_team(by, slug)
    User.objects.filter(pk=by.user.pk).update(default_team=team)
    return team


def close_own(user: User, *, confirmation: str, by: Actor) -> None:
    """Ends the account: tokens, memberships, sessions, name and address go; what it did keeps its user name.

    Conflict names the teams that would be left without an owner.
    """
    if by.user is None or by.user.pk != user.pk:
        raise Forbidden("Only the person can close their own account.")
    if confirmation.strip() != user.username:
        raise Invalid(f"Write {user.username} to confirm.", field="confirmation")
    with transaction.atomic():
        keep_an_administrator(user)
        _keep_owners(user)
        audit.record(by, "user.delete_own", user)
        ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=timezone.now())
        Membership.objects.filter(user=user).delete()
        user.is_active = user.is_staff = False
        user.first_name = user.last_name = user.email = ""
        user.default_team = None
        user.set_unusable_password()
        user.save()
        end_other_sessions(user, keep=None, by=by)
        access_changed()


def _keep_owners(user: User) -> None:
    """With the teams locked, so that two owners cannot leave one at once."""
    owned = Team.objects.filter(memberships__user=user, memberships__role=Role.OWNER)
    teams = list(Team.objects.select_for_update().filter(pk__in=owned.values("pk")).order_by("pk"))
    others = Membership.objects.filter(team__in=teams, role=Role.OWNER, user__is_active=True).exclude(
        user=user
    )
    kept = set(others.values_list("team_id", flat=True))
    alone = [team.name for team in teams if team.pk not in kept]
    if alone:
        raise Conflict(
            f"You are the last owner of {', '.join(alone)}. Hand it over or delete it first.", details=alone
        )


def _checked_zone(name: str) -> str:
    if name and (len(name) > 64 or name not in available_timezones()):
        raise Invalid(
            f"There is no time zone “{name[:64]}”. Choose one of the list, such as Europe/Paris.",
            field="time_zone",
        )
    return name


def _own_team(by: Actor, slug: str) -> Team:
    team = access.teams(by).filter(slug=slug).first()
    if team is None:
        raise NotFound(f"You are in no team “{slug}”.")
    return team
