"""One e-mail a day of what was told since the last one. A chore of the scheduler: `tend`."""

from collections import defaultdict
from datetime import datetime
from urllib.parse import urljoin

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from mlregistry.accounts.mail import send_text
from mlregistry.accounts.models import User
from mlregistry.discussions.actions.telling import COMMENT, EVENT, MENTION
from mlregistry.discussions.actions.tellings import DIGEST_EVERY
from mlregistry.discussions.models import Manner, Telling
from mlregistry.errors import Invalid, Unavailable
from mlregistry.notices.formats import address_of
from mlregistry.notices.models import InboxEntry

AT_ONCE = 100
MOST_LINES = 100
LONGEST_QUOTE = 200


def tend(now: datetime | None = None) -> int:
    """How many digests were sent; what a mail server does not take now is tried again the next time."""
    now = now or timezone.now()
    due = Telling.objects.filter(digest_at__lte=now).order_by("digest_at").values_list("pk", flat=True)
    return sum(_send(pk, now) for pk in list(due[:AT_ONCE]))


def _send(pk: int, now: datetime) -> bool:
    with transaction.atomic():
        rows = Telling.objects.select_for_update(of=("self",), skip_locked=True).select_related("user")
        row = rows.filter(pk=pk, digest_at__lte=now).first()
        if row is None or row.digest_at is None:
            return False
        entries = _entries(row, now)
        if entries and not _mailed(row.user, entries, row.digest_at):
            return False
        row.digested_until, row.digest_at = now, now + DIGEST_EVERY
        row.save(update_fields=["digested_until", "digest_at"])
    return bool(entries)


def _entries(row: Telling, now: datetime) -> list[InboxEntry]:
    """Unread ones of the kinds that the person wants in the digest, of teams they are in; the newest hundred."""
    kinds = [MENTION] if row.mentions == Manner.DIGEST else []
    kinds += [COMMENT, EVENT] if row.watched == Manner.DIGEST else []
    if not row.user.is_active or not row.user.email:
        return []
    rows = InboxEntry.objects.filter(
        user=row.user, read_at=None, notice__kind__in=kinds, team__memberships__user=row.user, at__lte=now
    )
    if row.digested_until is not None:
        rows = rows.filter(at__gt=row.digested_until)
    return list(rows.select_related("notice__team").order_by("-at", "-pk")[:MOST_LINES])[::-1]


def _mailed(user: User, entries: list[InboxEntry], due: datetime) -> bool:
    n = len(entries)
    subject = f"{n} {'thing' if n == 1 else 'things'} that you watch"
    try:
        send_text(
            subject, _text(entries), [user.email], message_id=f"digest-{user.pk}-{int(due.timestamp())}"
        )
    except Unavailable:
        return False
    except Invalid:  # refused for good; the inbox has it all the same
        return True
    return True


def _text(entries: list[InboxEntry]) -> str:
    by_team: dict[str, list[InboxEntry]] = defaultdict(list)
    for entry in entries:
        by_team[entry.notice.team.name].append(entry)
    parts = []
    for team, own in by_team.items():
        parts += [team, "=" * len(team), ""]
        for entry in own:
            quote = " ".join(entry.notice.text.split())[:LONGEST_QUOTE]
            parts += [
                entry.notice.title,
                *([f"  “{quote}”"] if quote else []),
                f"  {address_of(entry.notice)}",
                "",
            ]
    change = urljoin(settings.PUBLIC_URL.rstrip("/") + "/", "watching/")
    return "\n".join([*parts, f"You chose one e-mail a day. Change that: {change}", ""])
