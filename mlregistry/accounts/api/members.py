"""REST: the members of the team and their roles."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts import access
from mlregistry.accounts.actions import memberships
from mlregistry.accounts.api.serializers import MemberChange, MemberIn, MemberOut, parsed
from mlregistry.accounts.models import Role
from mlregistry.rest import TeamView, body_of, listing
from mlregistry.rest_idempotency import idempotent


class Members(TeamView):
    roles = {"get": Role.VIEWER, "post": Role.OWNER}

    @extend_schema(responses=MemberOut(many=True))
    def get(self, request: Request) -> Response:
        """Everybody in the team."""
        return listing(
            request,
            access.members(self.actor),
            ordering=("created_at", "role", "-created_at", "-role"),
            to_json=MemberOut().to_representation,
        )

    @extend_schema(request=MemberIn, responses={201: MemberOut})
    @idempotent()
    def post(self, request: Request) -> Response:
        """Adds a user the caller works with elsewhere; others are invited."""
        wanted = parsed(MemberIn, body_of(request))
        user = access.addable_user(self.actor, wanted["username"])
        member = memberships.add(user, role=wanted["role"], by=self.actor)
        return Response(MemberOut(member).data, status=201)


class OneMember(TeamView):
    roles = {"get": Role.VIEWER, "patch": Role.OWNER, "delete": Role.VIEWER}

    @extend_schema(responses=MemberOut)
    def get(self, request: Request, username: str) -> Response:
        """One member."""
        return Response(MemberOut(access.member(self.actor, username)).data)

    @extend_schema(request=MemberChange, responses=MemberOut)
    def patch(self, request: Request, username: str) -> Response:
        """Changes the role; the last owner keeps it."""
        wanted = parsed(MemberChange, body_of(request))
        member = access.member(self.actor, username)
        return Response(MemberOut(memberships.set_role(member, wanted["role"], by=self.actor)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, username: str) -> Response:
        """Takes a member out; an owner anybody, everybody themselves."""
        memberships.remove(access.member(self.actor, username), by=self.actor)
        return Response(status=204)
