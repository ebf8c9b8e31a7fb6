"""Pages about oneself: profile, password, where one is signed in, closing the account."""

from zoneinfo import available_timezones

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from mlregistry.accounts import access
from mlregistry.accounts.actions import own_account, sessions, users
from mlregistry.accounts.models import Role, User
from mlregistry.accounts.queries import sessions as session_queries
from mlregistry.errors import Forbidden, Invalid
from mlregistry.ui.page import PageRequest, page

PROFILE_FIELDS = ("first_name", "last_name", "email", "default_team", "time_zone")
ZONES = sorted(
    name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/"))
)


@page(role=Role.VIEWER, form=True)
def profile(request: PageRequest) -> HttpResponse:
    """One's names, address, time zone and default team; the browsers in which one is signed in."""
    person = _person(request)
    if request.method == "POST":
        sent = {name: request.POST.get(name, "") for name in PROFILE_FIELDS}
        own_account.update_profile(person, **sent, by=request.actor)
        messages.success(request, "Your profile is saved.")
        return redirect("accounts:profile")
    context = {
        "person": person,
        "team_choices": [(team.slug, team.name) for team in access.teams(request.actor).order_by("name")],
        "zones": ZONES,
        "links": list(_links()),
        "places": session_queries.places(person, request.session.session_key),
        "has_password": person.has_usable_password(),
    }
    return render(request, "accounts/profile.html", context)


@never_cache
@sensitive_post_parameters()
@page(role=Role.VIEWER, form=True)
def password(request: PageRequest) -> HttpResponse:
    """Changes one's password; other sessions end, this one stays."""
    person = _person(request)
    if request.method == "POST":
        new = request.POST.get("new_password", "")
        if new != request.POST.get("new_password_again"):
            raise Invalid("The two new passwords differ.", field="new_password_again")
        old, key = request.POST.get("old_password", ""), request.session.session_key
        update_session_auth_hash(
            request, users.change_password(person, old, new, session=key, by=request.actor)
        )
        messages.success(request, "Your password is changed. You are signed out everywhere else.")
        return redirect("accounts:profile")
    return render(request, "accounts/password.html")


@require_POST
@page(role=Role.VIEWER)
def end_session(request: PageRequest, session_id: int) -> HttpResponse:
    """Signs one of one's browsers out."""
    sessions.end_session(access.session(request.actor, session_id), by=request.actor)
    messages.success(request, "That browser is signed out.")
    return redirect("accounts:profile")


@require_POST
@page(role=Role.VIEWER)
def end_other_sessions(request: PageRequest) -> HttpResponse:
    """Signs out everywhere else."""
    n_ended = sessions.end_other_sessions(
        _person(request), keep=request.session.session_key, by=request.actor
    )
    messages.success(request, f"{n_ended} other session{'' if n_ended == 1 else 's'} ended.")
    return redirect("accounts:profile")


@never_cache
@page(role=Role.VIEWER, form=True)
def close(request: PageRequest) -> HttpResponse:
    """Closes one's own account, after its name was typed."""
    person = _person(request)
    if request.method == "POST":
        own_account.close_own(person, confirmation=request.POST.get("confirmation", ""), by=request.actor)
        logout(request)
        return redirect("accounts:login")
    return render(request, "accounts/close.html", {"person": person})


def _person(request: PageRequest) -> User:
    if request.actor.user is None:
        raise Forbidden("Only a person has a profile.")
    return request.actor.user


def _links() -> list[tuple[str, str, str]]:
    """What else there is about oneself, by settings.PROFILE_LINKS; pages that are not there are left out."""
    found = []
    for name, title, text in settings.PROFILE_LINKS:
        try:
            found.append((reverse(name), title, text))
        except NoReverseMatch:
            continue
    return found
