"""The page of one's API tokens: make, replace, revoke."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from mlregistry.accounts import access
from mlregistry.accounts.actions import tokens as token_actions
from mlregistry.accounts.models import ApiToken, Role, Scope
from mlregistry.accounts.queries import actors
from mlregistry.errors import Invalid
from mlregistry.ui.page import PageRequest, page

MOST_SHOWN = 200
SOON = timedelta(days=14)
LIFETIMES = {"30": "30 days", "90": "90 days", "365": "one year", "": "no end"}
GRACES = {"0": "at once", "1": "in one day", "7": "in seven days"}
SCOPES = {
    Scope.READ: "see everything the role may see",
    Scope.WRITE: "log, train, register, change",
    Scope.PREDICT: "ask endpoints for predictions",
}


@never_cache
@page(role=Role.VIEWER, form=True)
def tokens(request: PageRequest) -> HttpResponse:
    """One's tokens; the secret of a new one is in this answer and nowhere else."""
    made: dict[str, object] = {}
    if request.method == "POST":
        slug = request.POST.get("team", "")
        token, secret = token_actions.create_token(
            request.POST.get("name", ""),
            scopes=request.POST.getlist("scopes"),
            expires_at=_end(request.POST.get("lifetime", "")),
            team=actors.in_team(request.actor, slug).team if slug else None,
            by=request.actor,
        )
        made = {"made": token, "secret": secret}
    return render(request, "accounts/tokens.html", _context(request) | made)


@never_cache
@require_POST
@page(role=Role.VIEWER)
def rotate_token(request: PageRequest, token_id: int) -> HttpResponse:
    """A new secret in the place of a token; it is shown in this answer alone."""
    days = request.POST.get("grace", "0")
    if days not in GRACES:
        raise Invalid("Choose when the old token ends.", field="grace")
    old = access.token(request.actor, token_id)
    made, secret = token_actions.rotate_token(old, grace=timedelta(days=int(days)), by=request.actor)
    context = {"made": made, "secret": secret, "replaced": old, "old_ends": GRACES[days]}
    return render(request, "accounts/tokens.html", _context(request) | context)


@require_POST
@page(role=Role.VIEWER)
def revoke_token(request: PageRequest, token_id: int) -> HttpResponse:
    """Ends a token at once."""
    token = token_actions.revoke_token(access.token(request.actor, token_id), by=request.actor)
    messages.success(request, f"The token “{token.name}” is revoked.")
    return redirect("accounts:tokens")


def _context(request: PageRequest) -> dict[str, Any]:
    now = timezone.now()
    mine = list(access.own_tokens(request.actor).order_by("revoked_at", "-created_at")[: MOST_SHOWN + 1])
    teams = [(team.slug, f"only {team.name}") for team in access.teams(request.actor).order_by("name")]
    return {
        "tokens": [token for token in mine[:MOST_SHOWN] if _counts(token, now)],
        "ended": [token for token in mine[:MOST_SHOWN] if not _counts(token, now)],
        "is_cut": len(mine) > MOST_SHOWN,
        "most_shown": MOST_SHOWN,
        "scopes": SCOPES.items(),
        "lifetimes": list(LIFETIMES.items()),
        "graces": list(GRACES.items()),
        "team_choices": [("", "all of my teams"), *teams],
        "soon": now + SOON,
    }


def _counts(token: ApiToken, now: datetime) -> bool:
    return token.revoked_at is None and (token.expires_at is None or token.expires_at > now)


def _end(days: str) -> datetime | None:
    if days not in LIFETIMES:
        raise Invalid("Choose how long the token lives.", field="lifetime")
    return timezone.now() + timedelta(days=int(days)) if days else None
