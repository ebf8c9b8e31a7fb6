"""Pages of a team: members, roles, open invitations, its name; one's teams; found, hand over and delete one."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from mlregistry.accounts import access
from mlregistry.accounts.actions import memberships, own_account, teams
from mlregistry.accounts.models import Role
from mlregistry.accounts.queries import invitations as invitation_queries
from mlregistry.accounts.queries import teams as team_queries
from mlregistry.accounts.role_names import role_named
from mlregistry.errors import Forbidden, Invalid
from mlregistry.ui.page import PageRequest, page, whole

MOST_MEMBERS = 100  # on one page
MOST_PAGES = 100
MOST_HEIRS = 500
MOST_INVITATIONS = 100
MOST_TEAMS = 200
ABILITIES = (  # what people do here, and the least role for it
    ("See problems, data, runs, models and endpoints", Role.VIEWER),
    ("Ask endpoints for predictions", Role.VIEWER),
    ("Make tokens of one’s own", Role.VIEWER),
    ("Upload data, train, log runs, search", Role.EDITOR),
    ("Register models and move aliases", Role.EDITOR),
    ("Make and change endpoints and A/B tests", Role.EDITOR),
    ("Invite others, up to one’s own role", Role.EDITOR),
    ("Read the audit trail", Role.EDITOR),
    ("Approve what a gate holds back", Role.OWNER),
    ("Change roles, add and take out members", Role.OWNER),
    ("Set budgets and channels, rename or delete the team", Role.OWNER),
)


def abilities() -> list[tuple[str, list[tuple[str, bool]]]]:
    """Each ability with who has it, for the table of roles."""
    return [(text, [(role.label, role >= least) for role in Role]) for text, least in ABILITIES]


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
        **_members(request),
        "abilities": abilities(),
        "own_role": by.role.label,
        "invitations": invitation_queries.open_ones(by)[:MOST_INVITATIONS] if by.role >= Role.EDITOR else [],
        "roles": [(role.label, role.label) for role in Role],
        "grantable": [(role.label, role.label) for role in Role if role <= by.role],
    }
    return render(request, "accounts/team.html", context)


def _members(request: PageRequest) -> dict[str, Any]:
    """One page of them, and who may become owner: all others."""
    number = min(max(1, whole(request.GET.get("page"), "page", default=1)), MOST_PAGES)
    everybody = (
        access.members(request.actor).select_related("provider_grant").order_by("-role", "user__username")
    )
    start = MOST_MEMBERS * (number - 1)
    found = list(everybody[start : start + MOST_MEMBERS + 1])
    members, is_all = found[:MOST_MEMBERS], not start and len(found) <= MOST_MEMBERS
    heirs = members if is_all else everybody[:MOST_HEIRS]
    return {
        "members": members,
        "n_members": len(members) if is_all else everybody.count(),
        "first": start + 1,
        "last": start + len(members),
        "earlier": number - 1,
        "later": number + 1 if len(found) > MOST_MEMBERS and number < MOST_PAGES else 0,
        "heirs": [(row.user.username, row.user.username) for row in heirs if row.user != request.actor.user],
    }


@require_GET
@page(role=Role.VIEWER)
def mine(request: PageRequest) -> HttpResponse:
    """One's teams: go into one, make one the default, leave."""
    if request.actor.user is None:
        raise Forbidden("Only a person is in teams.")
    rows = team_queries.memberships_of(request.actor.user)
    return render(request, "accounts/teams.html", {"rows": rows[:MOST_TEAMS]})


@require_POST
@page(role=Role.VIEWER)
def make_default(request: PageRequest) -> HttpResponse:
    """Where requests go that name no team."""
    chosen = own_account.set_default_team(request.POST.get("team", ""), by=request.actor)
    messages.success(request, f"{chosen.name} is your default team.")
    return redirect("accounts:teams")


@require_POST
@page(role=Role.OWNER)
def transfer(request: PageRequest) -> HttpResponse:
    """Makes a member owner in one's own place."""
    heir = access.member(request.actor, request.POST.get("username", ""))
    memberships.transfer(heir, by=request.actor)
    messages.success(request, f"{heir.user.username} owns the team now; you are an editor.")
    return redirect("accounts:team")


@require_POST
@page(role=Role.OWNER)
def delete(request: PageRequest) -> HttpResponse:
    """Deletes an empty team, after its short name was typed."""
    team = request.actor.team
    if request.POST.get("confirmation", "").strip() != team.slug:
        raise Invalid(f"Write {team.slug} to delete the team.", field="confirmation")
    name = team.name
    teams.delete_team(team, by=request.actor)
    messages.success(request, f"The team {name} is deleted.")
    return HttpResponseRedirect("/teams/")


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
        messages.success(request, f"You left {member.team.name}.")
        return HttpResponseRedirect("/teams/")
    messages.success(request, f"{username} is not in the team any more.")
    return redirect("accounts:team")
