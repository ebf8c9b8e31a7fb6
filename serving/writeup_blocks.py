"""The live block of write-ups that shows an endpoint's traffic. Named in settings.WRITEUP_BLOCKS."""

from collections.abc import Mapping
from datetime import date, timedelta

from django.urls import reverse
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.discussions.blocks import Block, Drawn, Field
from mlregistry.errors import Invalid
from mlregistry.ui.templatetags.pages import brief, figure, percent
from serving import access
from serving.nouns import ENDPOINT as NOUN
from serving.queries import report_traffic
from serving.report_periods import Period

MOST_DAYS = 90


def _endpoint(by: Actor, values: Mapping[str, str]) -> Drawn:
    endpoint = access.endpoint(by, values["endpoint"])
    days = values.get("days") or "7"
    if not (days.isascii() and days.isdigit() and 1 <= int(days[:6]) <= MOST_DAYS):
        raise Invalid(f"days lies between 1 and {MOST_DAYS}.", field="days")
    now = timezone.now()
    of = Period(now - timedelta(days=int(days)), now)
    found, by_day = report_traffic.of_period(endpoint, of), report_traffic.by_day(endpoint, of)
    behind = NOUN.standings([endpoint])[endpoint.pk]
    return Drawn(
        title=f"{endpoint.name}, {'the last day' if days == '1' else f'the last {int(days)} days'}",
        address=reverse("serving:endpoint", args=[endpoint.name]),
        note=(f"Behind it: {behind.figure}." if behind.figure else "")
        + (" An alert is firing." if behind.state else ""),
        figures=[
            ("requests", figure(found.n_requests)),
            ("failed", percent(found.error_rate)),
            ("half of them within", brief(found.p50)),
            ("95 % within", brief(found.p95)),
        ],
        chart={
            "type": "stacks",
            "title": "Requests a day",
            "y_title": "Requests",
            "labels": [f"{date.fromisoformat(day['day']):%-d %b}" for day in by_day],
            "series": [
                {"name": "answered", "values": [day["n_requests"] - day["n_errors"] for day in by_day]},
                {"name": "failed", "values": [day["n_errors"] for day in by_day]},
            ],
        },
    )


ENDPOINT = Block(
    "endpoint", "Figures of an endpoint",
    (
        Field("endpoint", "Endpoint", "its name", is_required=True),
        Field("days", "Days", f"1 to {MOST_DAYS}", example="7"),
    ),
    _endpoint,
)  # fmt: skip
