"""API tokens: make one for oneself (its secret is returned once) and revoke it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from mlregistry.accounts import audit
from mlregistry.accounts.access_changes import access_changed
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import ApiToken, Membership, Role, Scope, Team, User
from mlregistry.accounts.secret_text import digest, new_token, shown_prefix
from mlregistry.errors import Conflict, Forbidden, Invalid

MOST_GRACE = timedelta(days=7)


def create_token(
    name: str,
    *,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
    team: Team | None = None,
    parent: ApiToken | None = None,
    by: Actor,
) -> tuple[ApiToken, str]:
    """A token of the actor's own and its secret; `parent` is the token that asks: it cannot be outreached.

    Raises Invalid for a bad name, scope or expiry, Forbidden for a scope or team beyond the actor's.
    """
    by.require(Role.VIEWER)
    if by.user is None:
        raise Forbidden("Only a person can have a token.")
    if parent is not None:
        team = team or parent.team
        expires_at = _earlier(expires_at, parent.expires_at)
    chosen = _checked_scopes(scopes, by)
    _check_team(team, parent, by.user)
    if expires_at is not None and expires_at <= timezone.now():
        raise Invalid("The token would have expired already; choose a later time.", field="expires_at")
    secret = new_token()
    with transaction.atomic():
        token = store_token(
            by.user, _checked_name(name), secret, scopes=chosen, expires_at=expires_at, team=team
        )
        audit.record(by, "token.create", token, scopes=chosen, team=team.slug if team else None)
    return token, secret


def revoke_token(token: ApiToken, by: Actor) -> ApiToken:
    """Ends a token at once. One's own always; another's only as owner, and when it is limited to the team."""
    if by.user is None or token.user_id != by.user.pk:
        by.require(Role.OWNER)
        if token.team_id != by.team.pk and by.via != "admin":
            raise Forbidden("This token is not limited to your team; only its user can revoke it.")
    with transaction.atomic():
        token = ApiToken.objects.select_for_update().get(pk=token.pk)
        if token.revoked_at is not None:
            raise Conflict("This token is revoked already.")
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        audit.record(by, "token.revoke", token)
        access_changed()
    return token


def rotate_token(
    token: ApiToken, *, grace: timedelta = timedelta(), parent: ApiToken | None = None, by: Actor
) -> tuple[ApiToken, str]:
    """A new token in the place of one's own, with its name, reach and lifetime, and its secret.

    The old one counts for `grace` longer, at most MOST_GRACE, so that programs can be moved one after another.
    `parent` is the token that asks: it may replace itself alone.
    """
    if parent is not None and parent.pk != token.pk:
        raise Forbidden("A token can replace itself and no other. Sign in to replace others.")
    if by.user is None or token.user_id != by.user.pk or token.only_run is not None:
        raise Forbidden("Only the person of a token can replace it.")
    if not timedelta() <= grace <= MOST_GRACE:
        raise Invalid(f"The old token can work for {MOST_GRACE.days} days at most.", field="grace")
    now, secret = timezone.now(), new_token()
    with transaction.atomic():
        old = ApiToken.objects.select_for_update(of=("self",)).select_related("team").get(pk=token.pk)
        if old.revoked_at is not None:
            raise Conflict("This token is revoked already; make a new one.")
        lifetime = old.expires_at - old.created_at if old.expires_at else None
        new = store_token(
            by.user,
            old.name,
            secret,
            scopes=_checked_scopes(old.scopes, by),
            expires_at=now + lifetime if lifetime else None,
            team=old.team,
        )
        ends_at = _earlier(old.expires_at, now + grace) or now
        old.expires_at = ends_at
        old.revoked_at = None if grace else now
        old.save(update_fields=["expires_at", "revoked_at"])
        audit.record(by, "token.rotate", new, former=old.prefix, former_ends_at=ends_at.isoformat())
    return new, secret


def create_run_token(run_id: UUID, *, team: Team, expires_at: datetime, by: Actor) -> tuple[ApiToken, str]:
    """A token for one run's own job, of the person who started it, and its secret."""
    if by.user is None:
        raise Forbidden("Only a person can have a token.")
    secret = new_token()
    scopes = [Scope.READ.value, Scope.WRITE.value]
    with transaction.atomic():
        token = store_token(
            by.user,
            f"Run {run_id.hex[:12]}",
            secret,
            scopes=scopes,
            expires_at=expires_at,
            team=team,
            only_run=run_id,
        )
        audit.record(by, "token.create", token, scopes=scopes, team=team.slug, run=str(run_id))
    return token, secret


def end_run_token(token: ApiToken, *, by: Actor) -> None:
    """It counts no more; the job of its run is over."""
    with transaction.atomic():
        ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
        audit.record(by, "token.revoke", token)
        access_changed()


def store_token(
    user: User,
    name: str,
    secret: str,
    *,
    scopes: list[str],
    expires_at: datetime | None = None,
    team: Team | None = None,
    only_run: UUID | None = None,
) -> ApiToken:
    """The row of a secret; the caller has checked everything and writes the audit line."""
    token = ApiToken.objects.create(
        user=user,
        team=team,
        name=name,
        prefix=shown_prefix(secret),
        digest=digest(secret),
        scopes=scopes,
        expires_at=expires_at,
        only_run=only_run,
    )
    access_changed()
    return token


def _checked_name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > 100:
        raise Invalid("Give the token a name of 1 to 100 letters.", field="name")
    return name


def _checked_scopes(scopes: Iterable[str], by: Actor) -> list[str]:
    wanted = set(scopes)
    if not wanted or wanted - set(Scope.values):
        raise Invalid(f"scopes must be some of {', '.join(Scope.values)}.", field="scopes")
    beyond = sorted(wanted - by.scopes)
    if beyond:
        raise Forbidden(
            f"You cannot give a scope that you lack yourself: {', '.join(beyond)}.", field="scopes"
        )
    return [scope for scope in Scope.values if scope in wanted]


def _check_team(team: Team | None, parent: ApiToken | None, user: User) -> None:
    if team is None:
        return
    if parent is not None and parent.team_id not in (None, team.pk):
        raise Forbidden("The token you use is limited to another team.", field="team")
    if not Membership.objects.filter(team=team, user=user).exists():
        raise Invalid(f"You are not in the team “{team.slug}”.", field="team")


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    known = [moment for moment in (one, other) if moment is not None]
    return min(known) if known else None
