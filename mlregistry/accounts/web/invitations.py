"""Pages of invitations: join a team by its link, with an account or a new one; invite and take back."""

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from mlregistry.accounts import access, mail
from mlregistry.accounts.actions import invitations, users
from mlregistry.accounts.models import Membership, Role
from mlregistry.accounts.queries.invitations import check_open, of_secret
from mlregistry.accounts.role_names import role_named
from mlregistry.accounts.web.public import public
from mlregistry.errors import Invalid
from mlregistry.ui.page import PageRequest, page

BACKEND = "django.contrib.auth.backends.ModelBackend"


@never_cache
@sensitive_post_parameters("password", "password_again")
@public
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """What an invitation link opens."""
    found = of_secret(secret)
    check_open(found)
    if request.method != "POST":
        return render(
            request, "accounts/invitation.html", {"invitation": found, "role": Role(found.role).label}
        )
    if request.user.is_authenticated:
        return _into(invitations.accept(secret, user=request.user))
    if request.POST.get("password") != request.POST.get("password_again"):
        raise Invalid("The two passwords differ.", field="password_again")
    member = users.sign_up(request.POST.get("username", ""), request.POST.get("password", ""), secret=secret)
    login(request, member.user, backend=BACKEND)
    return _into(member)


@require_POST
@page(role=Role.EDITOR)
def invite(request: PageRequest) -> HttpResponse:
    """Invites; the link is shown this once, so that it can be handed over without e-mail."""
    role = role_named(request.POST.get("role"))
    invitation, secret = invitations.invite(request.POST.get("email", ""), role=role, by=request.actor)
    link = request.build_absolute_uri(reverse("accounts:invitation", args=[secret]))
    mailed = mail.send_invitation(invitation, link)
    context = {"invitation": invitation, "join_link": link, "mailed": mailed, "role": role.label}
    response = render(request, "accounts/invited.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@page(role=Role.EDITOR)
def revoke(request: PageRequest, invitation_id: int) -> HttpResponse:
    """Takes an open invitation back."""
    invitation = invitations.revoke(access.invitation(request.actor, invitation_id), by=request.actor)
    messages.success(request, f"The invitation of {invitation.email} is taken back.")
    return redirect("accounts:team")


def _into(member: Membership) -> HttpResponse:
    """The start page of the team just joined."""
    return HttpResponseRedirect(f"/t/{member.team.slug}/")
