"""Makes the actor of a request from a token or a signed-in user; the doors call these."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from mlregistry.accounts.actor import ALL_SCOPES, Actor
from mlregistry.accounts.models import ApiToken, Membership, Role, User
from mlregistry.accounts.secret_text import digest
from mlregistry.errors import Forbidden, NotFound, Unauthenticated
from mlregistry.prepared_queries import PreparedQuery

USE_NOTED_EVERY = timedelta(minutes=1)
TOKEN = PreparedQuery(lambda: ApiToken.objects.select_related("user", "team").filter(digest=b""))
MEMBER = PreparedQuery(
    lambda: Membership.objects.select_related("team").filter(user_id=0).filter(team__slug="")
)
JOINED = PreparedQuery(
    lambda: Membership.objects.select_related("team").filter(user_id=0).order_by("created_at", "pk")
)
HOW_TO = "Make a new one on the page “API tokens” and send it as “Authorization: Bearer <token>”."


def for_token(secret: str, team_slug: str | None = None, *, via: str = "api") -> Actor:
    """The actor behind a token; Unauthenticated when it does not count, NotFound in a foreign team."""
    return for_token_row(token_row(secret), team_slug, via=via)


def for_token_row(token: ApiToken, team_slug: str | None = None, *, via: str = "api") -> Actor:
    """The actor of a valid token, in the team asked for, the token's own or its user's default."""
    if token.team is not None:
        if team_slug is not None and team_slug != token.team.slug:
            raise _no_team(team_slug)
        team_slug = token.team.slug
    return for_user(token.user, team_slug, via=via, scopes=frozenset(token.scopes))


def for_user(
    user: User, team_slug: str | None = None, *, via: str = "web", scopes: frozenset[str] = ALL_SCOPES
) -> Actor:
    """The actor of a user in the team asked for, else the default team, else the first joined."""
    if team_slug is not None:
        member = MEMBER.first(user.pk, team_slug)
        if member is None:
            raise _no_team(team_slug)
    else:
        joined = JOINED.rows(user.pk)
        if not joined:
            raise Forbidden("You belong to no team. Ask the owner of a team for an invitation.")
        member = next((row for row in joined if row.team_id == user.default_team_id), joined[0])
    return Actor(user=user, team=member.team, role=Role(member.role), scopes=scopes, via=via)


def in_team(by: Actor, slug: str, *, token: ApiToken | None = None) -> Actor:
    """The same person in another team of theirs; a token that is limited to one team stays in it."""
    if slug == by.team.slug:
        return by
    if by.user is None or (token is not None and token.team_id is not None):
        raise _no_team(slug)
    return for_user(by.user, slug, via=by.via, scopes=by.scopes)


def token_row(secret: str) -> ApiToken:
    """The valid token with this secret; Unauthenticated says what is wrong with it."""
    token = known_token(secret)
    if token is None:
        raise Unauthenticated(f"This token is not known. {HOW_TO}")
    if token.revoked_at is not None:
        raise Unauthenticated(f"This token was revoked. {HOW_TO}")
    if token.expires_at is not None and token.expires_at <= timezone.now():
        raise Unauthenticated(f"This token has expired. {HOW_TO}")
    if not token.user.is_active:
        raise Unauthenticated("The account of this token is closed. Ask an administrator to open it.")
    _note_use(token)
    return token


def known_token(secret: str) -> ApiToken | None:
    """The row of a secret, valid or not."""
    return TOKEN.first(digest(secret)) if secret else None


def _note_use(token: ApiToken) -> None:
    """Writes at most once a minute, so that reading with a token stays a read."""
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - USE_NOTED_EVERY:
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - USE_NOTED_EVERY)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)


def _no_team(slug: str) -> NotFound:
    return NotFound(f"There is no team “{slug}”, or you are not in it.")
