"""Mails a notice to one person, at once and later again while the mail server is away. Called by who tells people."""

from datetime import datetime

from mlregistry.accounts.mail import send_text
from mlregistry.accounts.models import User
from mlregistry.errors import Invalid, Unavailable
from mlregistry.jobs.queue import enqueue
from mlregistry.notices.actions.delivering import PAUSES
from mlregistry.notices.actions.notifying import MEMORY_MB, TIMEOUT_SECONDS
from mlregistry.notices.formats import email_of
from mlregistry.notices.models import Notice

JOB = "notices.mail"


def mail_later(notice: Notice, user: User, *, n_tried: int = 0, at: datetime | None = None) -> None:
    """The job that does it, once the transaction is committed or from `at` on."""
    enqueue(
        JOB,
        args={"notice_id": str(notice.pk), "user_id": user.pk, "n_tried": n_tried},
        team=None,
        title=f"Mail to {user.get_username()}: {notice.kind}",
        memory_mb=MEMORY_MB,
        timeout_seconds=TIMEOUT_SECONDS,
        scheduled_at=at,
        by=None,
    )


def mail_notice(notice: Notice, user: User, *, n_tried: int, now: datetime) -> str:
    """What came of it: sent, again, refused, or skipped for somebody who left the team meanwhile."""
    if not user.is_active or not user.email or not user.memberships.filter(team=notice.team).exists():
        return "skipped"
    subject, text = email_of(notice)
    try:
        send_text(subject, text, [user.email], message_id=f"{notice.pk}.{user.pk}")
    except Invalid:
        return "refused"
    except Unavailable:
        if n_tried >= len(PAUSES):
            raise
        mail_later(notice, user, n_tried=n_tried + 1, at=now + PAUSES[n_tried])
        return "again"
    return "sent"
