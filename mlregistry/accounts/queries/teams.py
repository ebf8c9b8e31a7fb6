"""The team that a command on the server works in, and the teams of a person. Called by commands and pages."""

from django.db.models import Count, F, IntegerField, OuterRef, QuerySet, Subquery

from mlregistry.accounts.models import Membership, Team, User
from mlregistry.errors import Invalid, NotFound


def the_team(slug: str | None = None) -> Team:
    """The team of this slug, or the only one there is. Raises Invalid when there are several to choose from."""
    if slug:
        found = Team.objects.filter(slug=slug).first()
        if found is None:
            raise NotFound(f"There is no team {slug}.")
        return found
    teams = list(Team.objects.order_by("slug")[:20])
    if len(teams) != 1:
        names = ", ".join(team.slug for team in teams)
        raise Invalid(f"Name a team with --team; there are: {names}." if teams else "There is no team yet.")
    return teams[0]


def memberships_of(user: User) -> QuerySet[Membership]:
    """With `n_members` of each team, in the order of their names."""
    members = Membership.objects.filter(team=OuterRef("team")).order_by().values("team")
    counted = Subquery(members.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    rows = Membership.objects.filter(user=user).select_related("team").annotate(n_members=counted)
    return rows.order_by(F("team__name"))
