"""Pages about oneself: profile, password, API tokens."""

from datetime import datetime, timedelta

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from mlregistry.accounts import access
from mlregistry.accounts.actions import tokens as token_actions
from mlregistry.accounts.actions import users
from mlregistry.accounts.models import Role, Scope
from mlregistry.accounts.queries import actors
from mlregistry.errors import Forbidden, Invalid
from mlregistry.ui.page import PageRequest, page

PROFILE_FIELDS = ("first_name", "last_name", "email", "default_team")
LIFETIMES = {"30": "30 days", "90": "90 days", "365": "one year", "": "no end"}
SCOPES = {
    Scope.READ: "see everything the role may see",
    Scope.WRITE: "log, train, register, change",
    Scope.PREDICT: "ask endpoints for predictions",
}


@page(role=Role.VIEWER, form=True)
def profile(request: PageRequest) -> HttpResponse:
    """One's names, address and default team."""
    by = request.actor
    if by.user is None:
        raise Forbidden("Only a person has a profile.")
    if request.method == "POST":
        sent = {
            name: request.POST.get(name, "") for name in ("first_name", "last_name", "email", "default_team")
        }
        users.update_profile(by.user, **sent, by=by)
        messages.success(request, "Your profile is saved.")
        return redirect("accounts:profile")
    choices = [(team.slug, team.name) for team in access.teams(by).order_by("name")]
    return render(request, "accounts/profile.html", {"person": by.user, "team_choices": choices})


@never_cache
@sensitive_post_parameters()
@page(role=Role.VIEWER, form=True)
def password(request: PageRequest) -> HttpResponse:
    """Changes one's password; other sessions end, this one stays."""
    by = request.actor
    if by.user is None:
        raise Forbidden("Only a person has a password.")
    if request.method == "POST":
        new = request.POST.get("new_password", "")
        if new != request.POST.get("new_password_again"):
            raise Invalid("The two new passwords differ.", field="new_password_again")
        user = users.change_password(by.user, request.POST.get("old_password", ""), new, by=by)
        update_session_auth_hash(request, user)
        messages.success(request, "Your password is changed.")
        return redirect("accounts:profile")
    return render(request, "accounts/password.html")


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
    teams = [(team.slug, f"only {team.name}") for team in access.teams(request.actor).order_by("name")]
    context = {
        "tokens": access.own_tokens(request.actor).order_by("revoked_at", "-created_at"),
        "scopes": SCOPES.items(),
        "lifetimes": list(LIFETIMES.items()),
        "team_choices": [("", "all of my teams"), *teams],
        "now": timezone.now(),
        **made,
    }
    return render(request, "accounts/tokens.html", context)


@require_POST
@page(role=Role.VIEWER)
def revoke_token(request: PageRequest, token_id: int) -> HttpResponse:
    """Ends a token at once."""
    token = token_actions.revoke_token(access.token(request.actor, token_id), by=request.actor)
    messages.success(request, f"The token “{token.name}” is revoked.")
    return redirect("accounts:tokens")


def _end(days: str) -> datetime | None:
    if days not in LIFETIMES:
        raise Invalid("Choose how long the token lives.", field="lifetime")
    return timezone.now() + timedelta(days=int(days)) if days else None
