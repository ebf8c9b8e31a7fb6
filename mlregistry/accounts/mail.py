"""E-mail: the invitation's, which the doors send as they know the link, and any text to addresses, for notices."""

import logging
from collections.abc import Sequence
from smtplib import SMTPException, SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import EmailMessage, send_mail

from mlregistry.accounts.models import Invitation
from mlregistry.errors import Invalid, Unavailable

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


def send_text(subject: str, text: str, addresses: Sequence[str], *, message_id: str) -> None:
    """Invalid when the mail server refuses every address, Unavailable when it may take it later."""
    headers = {"Message-ID": f"<{message_id}@mlregistry>"}
    try:
        EmailMessage(subject, text, None, addresses, headers=headers).send()
    except SMTPRecipientsRefused as error:
        raise Invalid("The mail server refused every address.") from error
    except (SMTPException, OSError) as error:
        raise Unavailable(f"The mail server did not take it ({type(error).__name__}).") from error
