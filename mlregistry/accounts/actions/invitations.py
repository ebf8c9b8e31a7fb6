"""Invitations: a link with a secret that makes its bearer a member, once and for a week."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from mlregistry.accounts import audit
from mlregistry.accounts.actions.memberships import check_grant, join
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Invitation, Membership, Role, User
from mlregistry.accounts.queries.invitations import check_open, of_secret
from mlregistry.accounts.secret_text import digest, new_token
from mlregistry.errors import Conflict, Invalid

VALID_FOR = timedelta(days=7)


def invite(email: str, *, role: Role, by: Actor) -> tuple[Invitation, str]:
    """An invitation and its secret, which is nowhere else; an earlier open one for the address ends."""
    by.require(Role.EDITOR)
    check_grant(role, by)
    email = _checked_email(email)
    secret = new_token()
    now = timezone.now()
    with transaction.atomic():
        earlier = Invitation.objects.filter(team=by.team, email__iexact=email)
        earlier.filter(accepted_at=None, revoked_at=None).update(revoked_at=now)
        invitation = Invitation.objects.create(
            team=by.team,
            email=email,
            role=role,
            digest=digest(secret),
            invited_by=by.user,
            expires_at=now + VALID_FOR,
        )
        audit.record(by, "invitation.create", invitation, email=email, role=role.label)
    return invitation, secret


def accept(secret: str, *, user: User, via: str = "web") -> Membership:
    """Makes the user a member and uses the invitation up; NotFound or Conflict say why it cannot be."""
    with transaction.atomic():
        invitation = of_secret(secret, lock=True)
        check_open(invitation)
        if Membership.objects.filter(team=invitation.team, user=user).exists():
            raise Conflict(f"You are in {invitation.team.name} already; the invitation stays unused.")
        role = Role(invitation.role)
        member = join(user, invitation.team, role)
        invitation.accepted_at = timezone.now()
        invitation.save(update_fields=["accepted_at"])
        by = Actor(user=user, team=invitation.team, role=role, via=via)
        audit.record(by, "invitation.accept", invitation, role=role.label)
    return member


def revoke(invitation: Invitation, by: Actor) -> Invitation:
    """Ends an open invitation."""
    by.require(Role.EDITOR)
    check_grant(Role(invitation.role), by)
    with transaction.atomic():
        invitation = Invitation.objects.select_for_update().select_related("team").get(pk=invitation.pk)
        check_open(invitation)
        invitation.revoked_at = timezone.now()
        invitation.save(update_fields=["revoked_at"])
        audit.record(by, "invitation.revoke", invitation)
    return invitation


def _checked_email(email: str) -> str:
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid(f"“{email}” is not an e-mail address.", field="email") from error
    if len(email) > 254:
        raise Invalid("The e-mail address is too long.", field="email")
    return email
