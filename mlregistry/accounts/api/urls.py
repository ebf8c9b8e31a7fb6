"""URLs of the accounts API, under /api/v1/."""

from django.urls import URLPattern, path

from .audit import Audit
from .invitations import Invitations, OneInvitation
from .members import Members, OneMember
from .teams import Me, OneTeam, Teams
from .tokens import OneToken, RotatedToken, Tokens

urlpatterns: list[URLPattern] = [
    path("me", Me.as_view(), name="api-me"),
    path("teams/", Teams.as_view(), name="api-teams"),
    path("teams/<str:slug>", OneTeam.as_view(), name="api-team"),
    path("members/", Members.as_view(), name="api-members"),
    path("members/<str:username>", OneMember.as_view(), name="api-member"),
    path("invitations/", Invitations.as_view(), name="api-invitations"),
    path("invitations/<int:invitation_id>", OneInvitation.as_view(), name="api-invitation"),
    path("tokens/", Tokens.as_view(), name="api-tokens"),
    path("tokens/<int:token_id>/rotate", RotatedToken.as_view(), name="api-token-rotate"),
    path("tokens/<int:token_id>", OneToken.as_view(), name="api-token"),
    path("audit/", Audit.as_view(), name="api-audit"),
]
