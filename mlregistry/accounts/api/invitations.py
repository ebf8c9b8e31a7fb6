"""REST: invitations to the team."""

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from mlregistry.accounts import access, mail
from mlregistry.accounts.actions import invitations
from mlregistry.accounts.api.serializers import InvitationIn, InvitationMade, InvitationOut, parsed
from mlregistry.accounts.models import Role
from mlregistry.rest import TeamView, body_of, listing
from mlregistry.rest_idempotency import idempotent


class Invitations(TeamView):
    roles = {"get": Role.EDITOR, "post": Role.EDITOR}

    @extend_schema(responses=InvitationOut(many=True))
    def get(self, request: Request) -> Response:
        """All invitations of the team."""
        return listing(
            request,
            access.invitations(self.actor),
            ordering=("-created_at", "created_at", "expires_at", "-expires_at"),
            to_json=InvitationOut().to_representation,
        )

    @extend_schema(request=InvitationIn, responses={201: InvitationMade})
    @idempotent(hide=("secret", "link"))
    def post(self, request: Request) -> Response:
        """Invites by e-mail, up to the caller's own role; the link is in this answer and nowhere else."""
        wanted = parsed(InvitationIn, body_of(request))
        invitation, secret = invitations.invite(wanted["email"], role=wanted["role"], by=self.actor)
        link = request.build_absolute_uri(reverse("accounts:invitation", args=[secret]))
        mailed = mail.send_invitation(invitation, link)
        made = {**InvitationOut(invitation).data, "secret": secret, "link": link, "mailed": mailed}
        return Response(made, status=201)


class OneInvitation(TeamView):
    roles = {"get": Role.EDITOR, "delete": Role.EDITOR}

    @extend_schema(responses=InvitationOut)
    def get(self, request: Request, invitation_id: int) -> Response:
        """One invitation."""
        return Response(InvitationOut(access.invitation(self.actor, invitation_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, invitation_id: int) -> Response:
        """Takes an open invitation back."""
        invitations.revoke(access.invitation(self.actor, invitation_id), by=self.actor)
        return Response(status=204)
