"""URLs of the accounts pages."""

from importlib import import_module

from django.conf import settings
from django.urls import URLPattern, path

from . import audit, deletions, entrance, invitations, profile, teams, tokens

urlpatterns: list[URLPattern] = [
    path("login/", entrance.Login.as_view(), name="login"),
    path("logout/", entrance.Logout.as_view(), name="logout"),
    path("password-reset/", entrance.PasswordReset.as_view(), name="password-reset"),
    path("password-reset/sent/", entrance.PasswordResetDone.as_view(), name="password-reset-done"),
    path("password-reset/done/", entrance.PasswordResetComplete.as_view(), name="password-reset-complete"),
    path(
        "password-reset/<uidb64>/<token>/",
        entrance.PasswordResetConfirm.as_view(),
        name="password-reset-confirm",
    ),
    path("invitations/<str:secret>/", invitations.join, name="invitation"),
    path("profile/", profile.profile, name="profile"),
    path("profile/password/", profile.password, name="password"),
    path("profile/sessions/<int:session_id>/end/", profile.end_session, name="session-end"),
    path("profile/sessions/end/", profile.end_other_sessions, name="sessions-end"),
    path("profile/close/", profile.close, name="profile-close"),
    path("deletions/<uuid:deletion_id>/undo", deletions.undo, name="deletion-undo"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/<int:token_id>/revoke/", tokens.revoke_token, name="token-revoke"),
    path("tokens/<int:token_id>/rotate/", tokens.rotate_token, name="token-rotate"),
    path("teams/", teams.mine, name="teams"),
    path("teams/default/", teams.make_default, name="team-default"),
    path("team/", teams.team, name="team"),
    path("team/transfer/", teams.transfer, name="team-transfer"),
    path("team/delete/", teams.delete, name="team-delete"),
    path("team/new/", teams.create, name="team-create"),
    path("team/members/", teams.add_member, name="member-add"),
    path("team/members/<str:username>/role/", teams.set_role, name="member-role"),
    path("team/members/<str:username>/remove/", teams.remove_member, name="member-remove"),
    path("team/invitations/", invitations.invite, name="invite"),
    path("team/invitations/<int:invitation_id>/revoke/", invitations.revoke, name="invitation-revoke"),
    path("audit/", audit.audit, name="audit"),
    path("audit/lines.csv", audit.lines, name="audit-csv"),
]
if settings.SINGLE_SIGN_ON is not None:
    urlpatterns += import_module("mlregistry.accounts.web.single_sign_on").urlpatterns
