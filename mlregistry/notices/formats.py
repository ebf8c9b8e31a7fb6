"""How a notice reads as a webhook's body, as a Slack message and as an e-mail. Called by actions.delivering."""

import json
from typing import Any
from urllib.parse import urljoin

from django.conf import settings

from mlregistry.notices.models import Notice, Severity

COLOURS = {Severity.INFO: "#2f6f9f", Severity.WARNING: "#b7791f", Severity.CRITICAL: "#c0392b"}
LONGEST_SLACK = 2900
LONGEST_SUBJECT = 200


def webhook_body(notice: Notice) -> bytes:
    """The envelope of the Standard Webhooks specification: type, timestamp, data."""
    body = {
        "type": notice.kind,
        "timestamp": notice.at.isoformat(),
        "data": {
            **notice.data,
            "team": notice.team.slug,
            "severity": notice.severity,
            "title": notice.title,
            "text": notice.text,
            "url": address_of(notice),
        },
    }
    return json.dumps(body, allow_nan=False).encode()


def slack_body(notice: Notice) -> bytes:
    """An incoming webhook's message: `text` for notifications and compatible servers, an attachment for people."""
    head, link = _escaped(notice.title), address_of(notice)
    attachment = {
        "color": COLOURS[Severity(notice.severity)],
        "fallback": head,
        "title": head,
        "title_link": link,
        "text": _escaped(notice.text)[:LONGEST_SLACK],
        "footer": _escaped(f"{notice.team.name} · {notice.severity}"),
        "ts": int(notice.at.timestamp()),
    }
    return json.dumps({"text": head, "attachments": [attachment]}).encode()


def email_of(notice: Notice) -> tuple[str, str]:
    """Subject and text; a title has no line breaks, so no header can be smuggled in."""
    subject = " ".join(f"[{notice.team.name}] {notice.title}".split())
    text = f"{notice.title}\n\n{notice.text}\n\n{address_of(notice)}\n"
    return subject[:LONGEST_SUBJECT], text


def address_of(notice: Notice) -> str:
    """Where a person reads more, from outside, in the team of the notice."""
    return urljoin(settings.PUBLIC_URL.rstrip("/") + "/", f"t/{notice.team.slug}{notice.link or '/inbox/'}")


def _escaped(text: str) -> str:
    """Slack's three control characters, so that a name can neither mention everybody nor hide a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


FORMATS: dict[str, Any] = {"webhook": webhook_body, "slack": slack_body}
