"""Tags and filters of all pages: numbers, times, states, form fields."""

import json
import math
import re
import sys
from datetime import UTC, datetime
from typing import Any

import nh3
from django import template
from django.contrib.messages.storage.base import Message
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from mlregistry.ui.undo import UNDO

register = template.Library()
TONES = {
    "FINISHED": "good",
    "SUCCEEDED": "good",
    "ready": "good",
    "READY": "good",
    "PENDING": "live",
    "UPLOAD_FAILED": "bad",
    "RUNNING": "live",
    "QUEUED": "live",
    "PAUSED": "warn",
    "SCHEDULED": "live",
    "pending": "live",
    "FAILED": "bad",
    "failed": "bad",
    "KILLED": "warn",
    "CANCELLED": "warn",
    "error": "bad",
    "passed": "good",
    "accepted": "good",
    "being checked": "live",
    "quarantined": "warn",
    "unsupported": "warn",
    "overridden": "warn",
    "unchecked": "warn",
    "started": "good",
    "refused": "bad",
    "warning": "warn",
    "high": "bad",
    "medium": "warn",
    "waiting": "live",
    "delivered": "good",
    "skipped": "warn",
    "critical": "bad",
    "firing": "bad",
    "ok": "good",
    "no data": "warn",
}
DASH = "–"
FIRST_ITEMS = 5
PROSE = MarkdownIt("commonmark", {"html": False}).enable("table")
JOINTS = re.compile(r"(?<=[/_.:])(?=\w)")
DAY_SECONDS = 86_400
UNITS = ((DAY_SECONDS, "d"), (3_600, "h"), (60, "min"))


@register.filter
def figure(value: Any) -> str:
    """A number to four significant digits, whole numbers with separators; – for none."""
    if value is None or value == "":
        return DASH
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if math.isnan(value):
        return "NaN"
    if abs(value) >= sys.float_info.max:  # how infinity is stored
        return "∞" if value > 0 else "−∞"
    if abs(value) >= 1e15:
        return f"{value:.4g}"
    if float(value).is_integer():
        return f"{int(value):,}"
    if abs(value) >= 1000:
        return f"{value:,.1f}" if abs(value) < 100_000 else f"{value:,.0f}"
    return f"{value:.4f}" if 0.001 <= abs(value) < 10 else f"{value:.4g}"


@register.filter
def signed(value: float | None) -> str:
    """A difference with its sign, below 1,000 to three significant digits: +0.0312, −1.2, 0."""
    if not value:
        return figure(value)
    text = f"{abs(value):.3g}" if abs(value) < 999.5 else figure(abs(value))
    return f"{'+' if value > 0 else '−'}{text}"


@register.filter
def exact(value: float | None) -> str:
    """Every digit that tells a number from its neighbours; – for none."""
    return DASH if value is None else repr(float(value))


@register.filter
def answer(value: Any) -> str:
    """A prediction: a figure or class, or the first items of a list of recommendations."""
    if not isinstance(value, list):
        return figure(value)
    items = [str(entry.get("item")) for entry in value if isinstance(entry, dict)]
    return ", ".join(items[:FIRST_ITEMS]) + (", …" if len(items) > FIRST_ITEMS else "") or DASH


@register.filter
def cell(value: Any) -> str:
    """A value of a table: numbers without separators, so that a year stays a year."""
    text = figure(value)
    return text.replace(",", "") if isinstance(value, int | float) else text


@register.filter
def chance(value: float | None) -> str:
    """A p-value or an expected loss to four digits after the point; what rounds to nothing is not nothing."""
    return "< 0.0001" if value is not None and 0 < value < 0.0001 else figure(value)


@register.filter
def percent(value: float | None) -> str:
    """One digit after the point; what rounds to nothing is not nothing."""
    if value is not None and 0 < value < 0.0005:
        return "< 0.1 %"
    return DASH if value is None else f"{100 * value:.1f} %"


@register.filter
def milliseconds(seconds: float | None) -> str:
    return DASH if seconds is None else f"{1000 * seconds:,.1f} ms"


@register.filter
def brief(seconds: float | None) -> str:
    """12.3 ms, or 45 µs below a millisecond."""
    if seconds is None:
        return DASH
    return f"{1e6 * seconds:.0f} µs" if seconds < 1e-3 else f"{1000 * seconds:.1f} ms"


@register.filter
def times(factor: float | None) -> str:
    """How many times as fast: 1.4 ×, 250 ×."""
    return DASH if factor is None else f"{factor:,.1f} ×" if factor < 10 else f"{factor:,.0f} ×"


@register.filter
def duration(seconds: float | None) -> str:
    """3.2 s, 4 min 10 s, 2 h 5 min, 3 h."""
    if seconds is None:
        return DASH
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    minutes = int(seconds % 3600 // 60)
    return f"{int(seconds // 3600)} h {minutes} min" if minutes else f"{int(seconds // 3600)} h"


@register.filter
def days(value: float | None) -> str:
    """4 h 3 min, 45.9 days."""
    if value is None:
        return DASH
    return duration(value * DAY_SECONDS) if value < 1 else f"{value:,.1f} days"


@register.filter
def ago(moment: datetime | None) -> str | SafeString:
    """A <time> that reads like “5 min ago” and keeps the exact moment as its title."""
    if moment is None:
        return DASH
    seconds = (timezone.now() - moment).total_seconds()
    text = next((f"{int(seconds // size)} {unit} ago" for size, unit in UNITS if seconds >= size), "just now")
    if seconds > 30 * 86_400:
        text = f"{moment:%-d %b %Y}"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        f"{moment:%Y-%m-%d %H:%M:%S} UTC",
        text,
    )


MOMENTS = {
    "": "%-d %b %Y, %H:%M",
    "short": "%-d %b, %H:%M",
    "seconds": "%-d %b, %H:%M:%S",
    "clock": "%H:%M:%S",
}


@register.filter
def moment(at: datetime | None, form: str = "") -> str | SafeString:
    """A <time> with a date and a clock; times.js says it in the viewer's zone, and without it stands that it is UTC."""
    if at is None:
        return DASH
    text = f"{at.astimezone(UTC):{MOMENTS[form]}} UTC"
    return format_html('<time datetime="{}" data-form="{}">{}</time>', at.isoformat(), form or "whole", text)


@register.filter
def undo_address(message: Message) -> str:
    """Where the button “Undo” of a message posts to; "" for a message that has none."""
    return message.extra_tags.removeprefix(UNDO) if (message.extra_tags or "").startswith(UNDO) else ""


@register.filter
def badge(state: Any) -> SafeString:
    text = str(state)
    return format_html('<span class="badge {}">{}</span>', TONES.get(text, ""), words(text.lower()))


@register.filter
def pretty(value: Any) -> str:
    """JSON to be read by people."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


@register.filter
def markdown(text: str) -> SafeString:
    """Text of users as HTML: Markdown without raw HTML, cleaned once more."""
    return mark_safe(nh3.clean(PROSE.render(text), tags=nh3.ALLOWED_TAGS - {"img"}))  # noqa: S308  # cleaned


@register.filter
def item(mapping: Any, key: Any) -> Any:
    """mapping[key], or None."""
    return mapping.get(key) if hasattr(mapping, "get") else None


@register.filter
def item_at(values: Any, place: int) -> Any:
    """values[place], or None."""
    return values[place] if values and place < len(values) else None


@register.filter
def words(name: str) -> str:
    """test_roc_auc → test roc auc"""
    return str(name).replace("_", " ")


@register.filter
def breakable(name: Any) -> SafeString:
    """A name of programs, which a narrow cell may break after each / _ . and : of it."""
    return format_html_join(mark_safe("<wbr>"), "{}", ((piece,) for piece in JOINTS.split(str(name))))


@register.inclusion_tag("ui/field.html", takes_context=True)
def field(context: template.Context, name: str, label: str, **options: Any) -> dict[str, Any]:
    """A labelled input with help and error; a form just refused keeps what was sent."""
    request, error = context.get("request"), context.get("form_error")
    value = options.pop("value", "")
    if request is not None and error is not None and name in request.POST:
        value = request.POST[name]
    wrong = error.message if error is not None and error.field == name else ""
    kind = options.pop("type", "text")
    return {
        "name": name,
        "label": label,
        "value": "" if value is None else value,
        "wrong": wrong,
        "type": kind,
        **options,
    }
