"""The team that a command on the server works in. Called by the management commands."""

from mlregistry.accounts.models import Team
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
