"""The job notices.mail: a notice to one person by e-mail."""

from typing import Any

from django.utils import timezone

from mlregistry.accounts.models import User
from mlregistry.jobs.context import JobContext
from mlregistry.notices.actions.mailing import mail_notice
from mlregistry.notices.models import Notice


def mail(context: JobContext, *, notice_id: str, user_id: int, n_tried: int = 0) -> dict[str, Any]:
    """At least once; its Message-ID is the same each time."""
    notice = Notice.objects.select_related("team").filter(pk=notice_id).first()
    user = User.objects.filter(pk=user_id).first()
    if notice is None or user is None:
        return {"state": "skipped"}
    return {"state": mail_notice(notice, user, n_tried=n_tried, now=timezone.now())}
