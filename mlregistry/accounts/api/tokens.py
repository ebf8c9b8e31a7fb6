"""REST: the caller's API tokens; an owner also sees those that are limited to the team."""

from datetime import timedelta

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts import access
from mlregistry.accounts.actions import tokens
from mlregistry.accounts.api.serializers import TokenIn, TokenMade, TokenOut, TokenRotation, parsed
from mlregistry.accounts.api.teams import token_of
from mlregistry.accounts.models import Role
from mlregistry.accounts.queries import actors
from mlregistry.rest import TeamView, body_of, listing
from mlregistry.rest_idempotency import idempotent


class Tokens(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.VIEWER}

    @extend_schema(responses=TokenOut(many=True))
    def get(self, request: Request) -> Response:
        """Tokens without their secrets."""
        return listing(
            request,
            access.tokens(self.actor),
            ordering=("-created_at", "created_at", "name", "-name"),
            to_json=TokenOut().to_representation,
        )

    @extend_schema(request=TokenIn, responses={201: TokenMade})
    @idempotent(hide=("secret",))
    def post(self, request: Request) -> Response:
        """Makes a token of the caller's own; its secret is in this answer and nowhere else."""
        wanted = parsed(TokenIn, body_of(request))
        by, parent, slug = self.actor, token_of(request), wanted.get("team")
        token, secret = tokens.create_token(
            wanted["name"],
            scopes=wanted["scopes"],
            expires_at=wanted.get("expires_at"),
            team=actors.in_team(by, slug, token=parent).team if slug else None,
            parent=parent,
            by=by,
        )
        return Response({**TokenOut(token).data, "secret": secret}, status=201)


class RotatedToken(TeamView):
    roles = {"post": Role.VIEWER}

    @extend_schema(request=TokenRotation, responses={201: TokenMade})
    @idempotent(hide=("secret",))
    def post(self, request: Request, token_id: int) -> Response:
        """A new token in the place of one's own; the old one ends after `grace_days`. A token may replace itself."""
        grace = timedelta(days=parsed(TokenRotation, body_of(request))["grace_days"])
        old = access.token(self.actor, token_id)
        made, secret = tokens.rotate_token(old, grace=grace, parent=token_of(request), by=self.actor)
        return Response({**TokenOut(made).data, "secret": secret}, status=201)


class OneToken(TeamView):
    roles = {"get": Role.VIEWER, "delete": Role.VIEWER}

    @extend_schema(responses=TokenOut)
    def get(self, request: Request, token_id: int) -> Response:
        """One token without its secret."""
        return Response(TokenOut(access.token(self.actor, token_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, token_id: int) -> Response:
        """Revokes a token; it stops working at once."""
        tokens.revoke_token(access.token(self.actor, token_id), by=self.actor)
        return Response(status=204)
