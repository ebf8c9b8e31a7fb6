"""Counts requests for a new password, so that nobody's mailbox is filled. The page calls it before it sends a link."""

import hashlib
import hmac
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from mlregistry.accounts.models import PasswordResetRequest
from mlregistry.errors import TooMany

WINDOW = timedelta(hours=1)
MOST_PER_MAILBOX = 5
MOST_PER_CLIENT = 30


def count_request(email: str, client: str) -> None:
    """TooMany when the mailbox or the client's address asked too often within an hour.

    Addresses that belong to nobody are counted alike, so the answer does not tell which exist.
    """
    since = timezone.now() - WINDOW
    PasswordResetRequest.objects.filter(at__lt=since).delete()
    limits = {
        _subject("mailbox", email.strip().lower()): MOST_PER_MAILBOX,
        _subject("client", client): MOST_PER_CLIENT,
    }
    PasswordResetRequest.objects.bulk_create(PasswordResetRequest(subject=subject) for subject in limits)
    for subject, most in limits.items():
        if PasswordResetRequest.objects.filter(subject=subject, at__gte=since).count() > most:
            raise TooMany("A new password was asked for too often. Look into your mailbox, or wait an hour.")


def _subject(kind: str, text: str) -> str:
    message = f"{kind} {text}".encode("utf-8", "surrogatepass")
    return hmac.new(settings.SECRET_KEY.encode(), message, hashlib.sha256).hexdigest()
