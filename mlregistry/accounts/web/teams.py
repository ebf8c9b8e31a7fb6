"""Pages of a team: members, roles, open invitations, its name; found a new one."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from mlregistry.accounts import access
from mlregistry.accounts.actions import memberships, teams
from mlregistry.accounts.models import Role
from mlregistry.accounts.queries import invitations as invitation_queries
from mlregistry.accounts.role_names import role_named
from mlregistry.errors import Forbidden
from mlregistry.ui.page import PageRequest, page


@page(role=Role.VIEWER, change=Role.OWNER, form=True)
def team(request: PageRequest) -> HttpResponse:
    """Who is in the team; an owner renames it here."""
    by = request.actor
    if request.method == "POST":
        sent = {name: request.POST.get(name, "") for name in ("name", "description")}
        teams.update_team(by.team, name=sent["name"], description=sent["description"], by=by)
        messages.success(request, "The team is saved.")
        return redirect("accounts:team")
    context = {
        "members": access.members(by).order_by("-role", "user__username"),
        "invitations": invitation_queries.open_ones(by) if by.role >= Role.EDITOR else [],
        "roles": [(role.label, role.label) for role in Role],
        "grantable": [(role.label, role.label) for role in Role if role <= by.role],
    }
    return render(request, "accounts/team.html", context)


@page(role=Role.VIEWER, form=True)
def create(request: PageRequest) -> HttpResponse:
    """Founds a team."""
    if request.actor.user is None:
        raise Forbidden("Only a person can found a team.")
    if request.method == "POST":
        name, slug = request.POST.get("name", ""), request.POST.get("slug", "").strip()
        made = teams.create_team(name, slug=slug or None, by_user=request.actor.user)
        messages.success(request, f"The team {made.name} is there; invite the others.")
        return HttpResponseRedirect(f"/t/{made.slug}/team/")
    return render(request, "accounts/team_create.html")


@require_POST
@page(role=Role.OWNER)
def add_member(request: PageRequest) -> HttpResponse:
    """Adds somebody one works with in another team."""
    user = access.addable_user(request.actor, request.POST.get("username", "").strip())
    member = memberships.add(user, role=role_named(request.POST.get("role")), by=request.actor)
    messages.success(request, f"{member.user.username} is in the team now.")
    return redirect("accounts:team")


@require_POST
@page(role=Role.OWNER)
def set_role(request: PageRequest, username: str) -> HttpResponse:
    """Gives a member another role."""
    member = access.member(request.actor, username)
    role = role_named(request.POST.get("role"))
    memberships.set_role(member, role, by=request.actor)
    messages.success(request, f"{username} is {role.label} now.")
    return redirect("accounts:team")


@require_POST
@page(role=Role.VIEWER)
def remove_member(request: PageRequest, username: str) -> HttpResponse:
    """Takes a member out, or leaves."""
    member = access.member(request.actor, username)
    memberships.remove(member, by=request.actor)
    if request.actor.user is not None and member.user_id == request.actor.user.pk:
        return HttpResponseRedirect("/")
    messages.success(request, f"{username} is not in the team any more.")
    return redirect("accounts:team")
