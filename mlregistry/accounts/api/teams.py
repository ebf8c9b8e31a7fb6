"""REST: the teams of the caller, and who the caller is."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts import access
from mlregistry.accounts.actions import teams
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.api.serializers import MeOut, TeamChange, TeamIn, TeamOut, parsed
from mlregistry.accounts.models import ApiToken, Role
from mlregistry.accounts.queries import actors
from mlregistry.errors import Forbidden
from mlregistry.rest import TeamView, body_of, listing
from mlregistry.rest_idempotency import idempotent


class Me(TeamView):
    roles = {"get": Role.VIEWER}

    @extend_schema(responses=MeOut)
    def get(self, request: Request) -> Response:
        """Who calls, in which team, with which role and scopes."""
        by = self.actor
        facts: dict[str, Any] = {
            "user": by.user,
            "team": by.team,
            "role": by.role,
            "scopes": sorted(by.scopes),
            "teams": visible_teams(by, request).order_by("name"),
        }
        return Response(MeOut(facts).data)


class Teams(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.VIEWER}

    @extend_schema(responses=TeamOut(many=True))
    def get(self, request: Request) -> Response:
        """The teams of the caller."""
        rows = visible_teams(self.actor, request)
        return listing(
            request,
            rows,
            ordering=("slug", "name", "created_at", "-slug", "-name", "-created_at"),
            to_json=TeamOut().to_representation,
        )

    @extend_schema(request=TeamIn, responses={201: TeamOut})
    @idempotent()
    def post(self, request: Request) -> Response:
        """Founds a team, owned by the caller."""
        by, token = self.actor, token_of(request)
        if by.user is None or (token is not None and token.team_id is not None):
            raise Forbidden("This token is limited to one team; it cannot found another.")
        wanted = parsed(TeamIn, body_of(request))
        team = teams.create_team(wanted["name"], slug=wanted.get("slug"), by_user=by.user, via=by.via)
        return Response(TeamOut(team).data, status=201)


class OneTeam(TeamView):
    roles = {"get": Role.VIEWER, "patch": Role.VIEWER}

    @extend_schema(responses=TeamOut)
    def get(self, request: Request, slug: str) -> Response:
        """One of the caller's teams."""
        return Response(TeamOut(actors.in_team(self.actor, slug, token=token_of(request)).team).data)

    @extend_schema(request=TeamChange, responses=TeamOut)
    def patch(self, request: Request, slug: str) -> Response:
        """Changes the name or description; needs the role owner in that team."""
        by = actors.in_team(self.actor, slug, token=token_of(request))
        team = teams.update_team(by.team, **parsed(TeamChange, body_of(request)), by=by)
        return Response(TeamOut(team).data)


def token_of(request: Request) -> ApiToken | None:
    """The token that the request came with."""
    return getattr(request._request, "token", None)


def visible_teams(by: Actor, request: Request) -> Any:
    """A token that is limited to one team sees that one alone."""
    token = token_of(request)
    rows = access.teams(by)
    return rows.filter(pk=token.team_id) if token is not None and token.team_id is not None else rows
