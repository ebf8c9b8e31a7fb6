"""The invitation's e-mail; the doors call it, as they know the link."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail

from mlregistry.accounts.models import Invitation

log = logging.getLogger(__name__)


def send_invitation(invitation: Invitation, link: str) -> bool:
    """Whether the message went out; without a mail server it does not, and the link is handed over."""
    if settings.EMAIL_BACKEND.endswith("console.EmailBackend"):
        return False
    text = (
        f"You are invited to the team {invitation.team.name}.\n\n"
        f"Open this link to join; it works once, until {invitation.expires_at:%d %B %Y}:\n\n{link}\n"
    )
    try:
        send_mail(f"Invitation to {invitation.team.name}", text, None, [invitation.email])
    except (SMTPException, OSError) as error:
        log.warning("The invitation %s could not be mailed: %s", invitation.pk, error)
        return False
    return True
